"""What each lesson's exercises ask of the live broker, bucket or alarm; see helpers.exercises."""
