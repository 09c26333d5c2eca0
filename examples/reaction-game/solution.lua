-- The reaction game: five rounds, random waits, false starts do not count.

local kit = require "kit"
local bench = kit.open()

local ROUNDS = 5
local STEP = 0.005 -- seconds between two looks at the button

local function wait_for_release()
  while bench.button do
    sleep(STEP)
  end
end

-- Waits at random between 2 and 5 seconds. False if the button was pressed meanwhile.
local function wait_in_the_dark()
  local finish = now() + 2 + 3 * math.random()
  while now() < finish do
    if bench.button then
      return false
    end
    sleep(STEP)
  end
  return true
end

-- Seconds from light to press.
local function react()
  bench.led = true
  local start = now()
  while not bench.button do
    sleep(STEP)
  end
  local seconds = now() - start
  bench.led = false
  return seconds
end

local sum, best = 0, math.huge
local round = 1

print("Press as soon as the lamp is lit.")
while round <= ROUNDS do
  bench.led = false
  wait_for_release()
  print("Round " .. round .. ": ready ...")
  if wait_in_the_dark() then
    local seconds = react()
    print(string.format("%.0f ms", seconds * 1000))
    plot { reaction_ms = seconds * 1000 }
    sum = sum + seconds
    best = math.min(best, seconds)
    round = round + 1
  else
    print("Too early! Once more.")
  end
end
print(string.format("Mean %.0f ms, best %.0f ms", sum / ROUNDS * 1000, best * 1000))
