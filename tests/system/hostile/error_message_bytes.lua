-- fault: 27
-- ends: failed
-- says: .
error("a\0b\27[31m\xff\xfe<script>", 0)
