-- ends: failed
-- says: dump
load(string.dump(function() end))
