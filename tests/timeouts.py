"""How long is waited for what is to happen at once: no machine is so busy that it meets this."""

TEST_TIMEOUT_SECONDS = 120
