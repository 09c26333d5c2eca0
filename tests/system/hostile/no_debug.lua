-- fault: 27
-- ends: failed
-- says: debug
debug.getregistry()
