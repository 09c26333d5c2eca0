-- 温度记录仪：现在每秒打印一次温度。
-- 任务：1. 画曲线；2. 取平均；3. 记录最低和最高；4. 高温提示。

-- A temperature logger: now it prints one temperature a second.
-- Your tasks: 1. draw a curve; 2. average;
-- 3. keep minimum and maximum; 4. warn.

local kit = require "kit"
local bench = kit.open()

every(1, function()
  print(string.format("%.1f °C", bench.temperature))
end)
