-- A robot that follows the right edge of a dark line. The same program drives
-- every robot that has `line` and `drive`: what differs is in the driver.

local kit = require "kit"
local robot = kit.open { needs = { "line", "drive" } }

local SPEED, GAIN = 0.3, 0.35
local EDGE = 0.5

while true do
  local line = robot.line
  local off = line - EDGE -- > 0: on the line, too far to the left
  robot:drive(SPEED + GAIN * off, SPEED - GAIN * off)
  plot { line = line }
  sleep(0.02)
end
