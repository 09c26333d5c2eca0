-- A temperature logger.
-- Now it prints one temperature a second.
-- Your tasks: 1. draw a curve, 2. average, 3. keep minimum and maximum, 4. warn.

local kit = require "kit"
local bench = kit.open()

every(1, function()
  print(string.format("%.1f degrees Celsius", bench.temperature))
end)
