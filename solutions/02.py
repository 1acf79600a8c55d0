"""Answers to lesson 02's exercises. tests/notebooks puts each into the lesson and runs it."""

# exercise-1
orders_topic = lab.name("order-processing-v2")
create(orders_topic, 12)
send(orders_topic, [(order["customer"], json.dumps(order)) for order in orders])

# exercise-1 wrong: a-unique-key-keeps-order
orders_topic = lab.name("order-processing-v2")
create(orders_topic, 12)
send(orders_topic, [(order["order"], json.dumps(order)) for order in orders])

# exercise-1 wrong: order-needs-one-partition
orders_topic = lab.name("order-processing-v2")
create(orders_topic, 1)
send(orders_topic, [(order["customer"], json.dumps(order)) for order in orders])

# exercise-1 wrong: any-key-spreads
orders_topic = lab.name("order-processing-v2")
create(orders_topic, 12)
send(orders_topic, [(order["country"], json.dumps(order)) for order in orders])

# exercise-1 wrong: no-key-goes-round-robin
orders_topic = lab.name("order-processing-v2")
create(orders_topic, 4)
send(orders_topic, [(None, json.dumps(order)) for order in orders])

# exercise-2
together = [key for key in ids if crc32(key) % 6 == crc32(ids[0]) % 6]
pair = ids[0], next(key for key in together if crc32(key) % 8 != crc32(ids[0]) % 8)

# exercise-2 wrong: together-once-together-always
alike = [key for key in ids[1:] if crc32(key) % 24 == crc32(ids[0]) % 24]
pair = ids[0], alike[0]

# exercise-2 wrong: java-and-python-agree
together = [key for key in ids if java_choice(key, 6) == java_choice(ids[0], 6)]
apart = [key for key in together if java_choice(key, 8) != java_choice(ids[0], 8)]
pair = ids[0], next(key for key in apart if crc32(key) % 6 != crc32(ids[0]) % 6)
