-- A temperature logger: one averaged value a second as a curve and as text,
-- with minimum and maximum; the LED warns when it gets warm.

local kit = require "kit"
local bench = kit.open()

local READINGS = 10   -- readings in a mean
local WARM = 30       -- degrees Celsius

local start = now()
local lowest, highest = math.huge, -math.huge
local sum, count = 0, 0

-- Ten readings a second.
every(1 / READINGS, function()
  sum = sum + bench.temperature
  count = count + 1
end)

-- One value a second.
every(1, function()
  if count == 0 then
    return
  end
  local mean = sum / count
  sum, count = 0, 0
  lowest = math.min(lowest, mean)
  highest = math.max(highest, mean)
  bench.led = mean > WARM
  plot { temperature = mean }
  print(string.format("%4.0f s  %5.1f C  (%.1f to %.1f)", now() - start, mean, lowest, highest))
end)
