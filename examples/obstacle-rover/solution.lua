-- A rover that avoids obstacles: it drives while the way is free, and turns
-- until it is free again. It turns to changing sides, and never for ever.

local kit = require "kit"
local robot = kit.open { needs = { "distance", "drive", "turn" } }

local NEAR, FREE = 25, 45 -- cm: two thresholds, so that it does not hesitate
local SPEED = 0.4

local side = 1
local turning_until = 0

while true do
  local distance = robot.distance
  if now() < turning_until and distance < FREE then
    robot:turn(0.3 * side)
  elseif distance < NEAR then
    side = math.random(2) == 1 and 1 or -1
    turning_until = now() + 3
    robot:turn(0.3 * side)
  else
    local slower = math.min(1, distance / 80)
    robot:drive(SPEED * slower, SPEED * slower)
  end
  plot { distance = distance }
  sleep(0.05)
end
