-- 天黑自动亮的灯：现在只测量、画曲线。挡住传感器，看曲线怎样变。
-- 任务：天黑时开灯，天亮时关灯。

-- A lamp that knows when it is dark: now it only measures and draws.
-- Cover the sensor and look at the chart.
-- Your task: switch the LED on when it is dark, off when it is bright.

local kit = require "kit"
local bench = kit.open()

while true do
  local light = bench.light -- 0 暗 dark, 1 亮 bright
  print("light", light)
  plot { light = light }
  sleep(0.5)
end
