-- fault: 27
-- ends: failed
-- says: collectgarbage
collectgarbage("stop")
