-- 会循线的小车：现在只测量。用手把小车横着推过黑线，看 line 怎样变化。
-- 任务：让小车沿着黑线的右边缘自己走一圈。

-- A robot that follows a line: now it only measures. Push the robot over the
-- line by hand and watch how `line` changes.
-- Your task: let it drive round along the right edge of the line by itself.

local kit = require "kit"
local robot = kit.open { needs = { "line", "drive" } }

while true do
  local line = robot.line -- 0 地面 floor, 1 黑线 line
  print("line", line)
  plot { line = line }
  sleep(0.2)
end
