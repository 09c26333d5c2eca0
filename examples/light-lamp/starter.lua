-- A lamp that knows when it is dark.
-- Now the program only measures and draws. Cover the sensor and look at the chart.
-- Your task: switch the LED on when it is dark, and off when it is bright.

local kit = require "kit"
local bench = kit.open()

while true do
  local light = bench.light -- 0 is dark, 1 is bright
  print("light", light)
  plot { light = light }
  sleep(0.5)
end
