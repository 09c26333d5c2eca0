-- 会眨眼的灯：点亮 LED，一秒后熄灭。
-- 任务：让它一亮一灭，不停地眨眼。

-- A lamp that blinks: the LED is on for one second, then off.
-- Your task: make it blink, on and off, without end.

local kit = require "kit"
local bench = kit.open()

bench.led = true
sleep(1)
bench.led = false
