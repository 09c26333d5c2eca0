-- A lamp that knows when it is dark. Two thresholds instead of one: between
-- them the lamp stays as it is, so that it does not flicker at dusk.

local kit = require "kit"
local bench = kit.open()

local DARK, BRIGHT = 0.3, 0.4

local is_on = false

while true do
  local light = bench.light
  if light < DARK then
    is_on = true
  elseif light > BRIGHT then
    is_on = false
  end
  bench.led = is_on
  plot { light = light, led = is_on and 1 or 0 }
  sleep(0.1)
end
