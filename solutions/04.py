"""Answers to lesson 04's exercises. tests/notebooks puts each into the lesson and runs it."""

# exercise-1
settings = (3, 2)

# exercise-1 wrong: all-in-sync-is-safest
settings = (3, 3)

# exercise-1 wrong: three-copies-are-enough
settings = (3, 1)

# exercise-1 wrong: two-copies-survive-one-loss
settings = (2, 2)

# exercise-2
read, allowed = AclOperation.READ, AclPermissionType.ALLOW
literal = ResourcePatternType.LITERAL
rules = [
    AclBinding(ResourceType.TOPIC, lab.name("marks"), literal, principal, "*", read, allowed),
    AclBinding(ResourceType.GROUP, lab.name("panel"), literal, principal, "*", read, allowed),
]

# exercise-2 wrong: the-topic-is-enough
literal = ResourcePatternType.LITERAL
rules = [
    AclBinding(
        ResourceType.TOPIC,
        lab.name("marks"),
        literal,
        principal,
        "*",
        AclOperation.READ,
        AclPermissionType.ALLOW,
    )
]

# exercise-2 wrong: all-is-simpler
allowed, literal = AclPermissionType.ALLOW, ResourcePatternType.LITERAL
everything = AclOperation.ALL
rules = [
    AclBinding(ResourceType.TOPIC, lab.name("marks"), literal, principal, "*", everything, allowed),
    AclBinding(ResourceType.GROUP, lab.name("panel"), literal, principal, "*", everything, allowed),
]

# exercise-2 wrong: a-star-for-groups
read, allowed = AclOperation.READ, AclPermissionType.ALLOW
literal = ResourcePatternType.LITERAL
rules = [
    AclBinding(ResourceType.TOPIC, lab.name("marks"), literal, principal, "*", read, allowed),
    AclBinding(ResourceType.GROUP, "*", literal, principal, "*", read, allowed),
]

# exercise-2 wrong: a-star-for-topics
read, allowed = AclOperation.READ, AclPermissionType.ALLOW
literal = ResourcePatternType.LITERAL
rules = [
    AclBinding(ResourceType.TOPIC, "*", literal, principal, "*", read, allowed),
    AclBinding(ResourceType.GROUP, lab.name("panel"), literal, principal, "*", read, allowed),
]
