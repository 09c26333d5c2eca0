-- A traffic light with a button for walkers. Cars have green until somebody
-- wants to cross, but for at least GREEN_LEAST and at most GREEN_MOST seconds.

local kit = require "kit"
local bench = kit.open()

local GREEN_LEAST, GREEN_MOST = 3, 20
local YELLOW, RED = 2, 5

local wants_to_cross = false

bench:on("button", function(pressed)
  if pressed then
    wants_to_cross = true
    print("Please wait.")
  end
end)

-- Shows one light; the other two go out first.
local function show(name)
  bench.red = false
  bench.yellow = false
  bench.green = false
  bench[name] = true
end

while true do
  show("green")
  sleep(GREEN_LEAST)
  local waited = GREEN_LEAST
  while not wants_to_cross and waited < GREEN_MOST do
    sleep(0.1)
    waited = waited + 0.1
  end

  show("yellow")
  sleep(YELLOW)

  show("red")
  wants_to_cross = false
  print("Walk now.")
  sleep(RED)
end
