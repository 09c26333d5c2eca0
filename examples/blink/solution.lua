-- A lamp that blinks: half a second on, half a second off, until Stop.

local kit = require "kit"
local bench = kit.open()

while true do
  bench.led = true
  sleep(0.5)
  bench.led = false
  sleep(0.5)
end
