# Answers to lesson 01. Each section replaces the cell tagged with its name.

# exercise-1
logout = {**event, "type": "logout"}
value = json.dumps(logout, ensure_ascii=False).encode()
producer.produce(topic, key=key, value=value, on_delivery=delivered)
producer.flush(10)
s3.put_object(Bucket=bucket, Key=object_key(reports[-1]), Body=value)

# exercise-1 wrong: the-value-decides-the-partition
logout = {**event, "type": "logout"}
value = json.dumps(logout, ensure_ascii=False).encode()
producer.produce(topic, value=value, on_delivery=delivered)
producer.flush(10)
s3.put_object(Bucket=bucket, Key=object_key(reports[-1]), Body=value)

# exercise-1 wrong: s3-follows-by-itself
logout = {**event, "type": "logout"}
value = json.dumps(logout, ensure_ascii=False).encode()
producer.produce(topic, key=key, value=value, on_delivery=delivered)
producer.flush(10)

# exercise-1 wrong: new-event-old-address
logout = {**event, "type": "logout"}
value = json.dumps(logout, ensure_ascii=False).encode()
producer.produce(topic, key=key, value=value, on_delivery=delivered)
producer.flush(10)
s3.put_object(Bucket=bucket, Key=object_key(record), Body=value)
