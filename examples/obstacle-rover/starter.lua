-- 会避障的探测车：现在只测距。把手放在车前，看 distance 怎样变化。
-- 任务：让车自己走，遇到障碍就转向，不要撞上。

-- A rover that avoids obstacles: now it only measures. Hold a hand in front of
-- it and watch `distance`.
-- Your task: let it drive by itself and turn before it runs into something.

local kit = require "kit"
local robot = kit.open { needs = { "distance", "drive", "turn" } }

while true do
  local distance = robot.distance -- cm
  print("distance", distance)
  plot { distance = distance }
  sleep(0.3)
end
