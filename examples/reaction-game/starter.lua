-- The reaction game.
-- One round works: the lamp is lit after two seconds, you press, the time is shown.
-- Your tasks: 1. a random wait, 2. catch false starts, 3. five rounds and their mean.

local kit = require "kit"
local bench = kit.open()

print("Ready? Press when the lamp is lit.")
bench.led = false
sleep(2)

bench.led = true
local start = now()
while not bench.button do
  sleep(0.005)
end
local seconds = now() - start
bench.led = false

print(string.format("%.0f ms", seconds * 1000))
