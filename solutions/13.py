# Answers to lesson 13. Each section replaces the cell tagged with its name.

# exercise-1
my_rate = 25
while min(p99_at(2 * my_rate), p99_at(2 * my_rate)) < LIMIT_MS:
    my_rate *= 2

# exercise-1 wrong: full-speed-is-capacity
my_rate = floods[100].rate

# exercise-1 wrong: safe-is-enough
my_rate = 10

# exercise-2
my_settings = {"compression.type": "zstd", "linger.ms": 50}

# exercise-2 wrong: acks-saves-bytes
my_settings = {"acks": 0}

# exercise-2 wrong: a-larger-batch-is-a-fuller-batch
my_settings = {"batch.size": 10_000_000}
