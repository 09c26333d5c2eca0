-- fault: 27
-- ends: failed
-- says: dump
load(string.dump(function() end))
