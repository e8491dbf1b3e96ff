"""Jobs: work to do after a commit, and its retries."""
