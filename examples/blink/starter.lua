-- A lamp that blinks.
-- This program switches the LED on, and after one second off again.
-- Your task: make it blink, on and off, without end.

local kit = require "kit"
local bench = kit.open()

bench.led = true
sleep(1)
bench.led = false
