-- fault: 28
-- ends: finished
-- prints: ^a\uFFFDb\u001b\[31m\uFFFD\uFFFD<b>\u6587\n$
print("a\0b\27[31m\xff\xfe<b>\u{6587}")
