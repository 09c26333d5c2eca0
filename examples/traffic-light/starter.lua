-- 路口的红绿灯：绿、黄、红，各亮一次。
-- 任务：1. 让它一直循环；2. 响应行人按钮。

-- A traffic light: green, yellow, red, once.
-- Your tasks: 1. let it go round for ever; 2. heed the walkers' button.

local kit = require "kit"
local bench = kit.open()

-- 先全部关掉，再打开一盏灯。
-- Shows one light; the others go out first.
local function show(name)
  bench.red = false
  bench.yellow = false
  bench.green = false
  bench[name] = true
end

show("green")
sleep(5)
show("yellow")
sleep(2)
show("red")
sleep(5)
