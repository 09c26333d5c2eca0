-- ends: failed
-- says: collectgarbage
collectgarbage("stop")
