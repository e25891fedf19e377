"""Request rates, counted by the library `limits`: in Redis for all processes, or in this one."""
