-- ends: failed
-- says: debug
debug.getregistry()
