-- fault: 27
-- ends: failed
-- says: package
package.loadlib("libc.so.6", "system")
