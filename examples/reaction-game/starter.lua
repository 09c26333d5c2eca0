-- 反应速度大挑战：两秒后灯亮，按下按钮，显示用时。现在能玩一轮。
-- 任务：1. 随机等待；2. 抓住抢跑；3. 玩五轮，算平均。

-- The reaction game: the lamp is lit after two seconds, you press,
-- the time is shown. One round works.
-- Your tasks: 1. a random wait; 2. catch false starts;
-- 3. five rounds and their mean.

local kit = require "kit"
local bench = kit.open()

print("灯一亮就按按钮！ Press as soon as the lamp is lit!")
bench.led = false
sleep(2)

bench.led = true
local start = now()
while not bench.button do
  sleep(0.005)
end
local seconds = now() - start
bench.led = false

print(string.format("%.0f ms", seconds * 1000))
