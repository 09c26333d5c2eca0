-- A traffic light.
-- Now the lights change once: green, yellow, red.
-- Your tasks: 1. let it go round for ever, 2. heed the walkers' button.

local kit = require "kit"
local bench = kit.open()

-- Shows one light; the other two go out first.
local function show(name)
  bench.red = false
  bench.yellow = false
  bench.green = false
  bench[name] = true
end

show("green")
sleep(5)
show("yellow")
sleep(2)
show("red")
sleep(5)
