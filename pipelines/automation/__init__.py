"""When and how things run: jobs, schedules, retry policies."""
