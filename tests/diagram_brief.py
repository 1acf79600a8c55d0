"""What the brief asks of the diagram, as tables: "Esquema para Diagrama en Draw.io" and the demo.

Where an element lies is given for both pages, columns and layers; None: not on that page.
"""

from helpers.pipeline.topics import TOPICS

TITLE = "Arquitectura AWS-Confluent: Streaming de Datos Estudiantiles"
GREEN, ORANGE, BLUE, RED = "#00795B", "#B85C00", "#0063A0", "#B3261E"
SERVICE, EVENT = "rounded rectangle", "circle"
TOP = "architecture"  # the draw.io layer that all boxes are on
THREE_LAYERS = ["sources", "confluent", "aws"]  # left to right
FLOW = ["sources", "producer", "confluent", "consumer", "aws"]
SIX_LAYERS = ["title", "application", "streaming", "processing", "storage", "notification"]

# id: what it says, its form, its colour, where it lies
SHAPES = {
    "sources": ("Capa 1 Fuentes de Datos", SERVICE, GREEN, (TOP, None)),
    "confluent": ("Capa 2 Confluent Cloud", SERVICE, ORANGE, (TOP, None)),
    "aws": ("Capa 3 AWS", SERVICE, BLUE, (TOP, None)),
    "application": ("Capa de Aplicación", SERVICE, GREEN, (None, TOP)),
    "streaming": ("Capa de Streaming", SERVICE, ORANGE, (None, TOP)),
    "processing": ("Capa de Procesamiento", SERVICE, GREEN, (None, TOP)),
    "storage": ("Capa de Almacenamiento", SERVICE, BLUE, (None, TOP)),
    "notification": ("Capa de Notificaciones", SERVICE, RED, (None, TOP)),
    "web-app": ("Aplicación Web Estudiantil", SERVICE, GREEN, ("sources", "application")),
    "user-events": ("Eventos de Usuario", EVENT, GREEN, ("sources", "application")),
    "academic-system": ("Sistema de Gestión Académica", SERVICE, GREEN, ("sources", "application")),
    "system-logs": ("Logs del Sistema", EVENT, GREEN, ("sources", "application")),
    "producer": ("Producer", SERVICE, GREEN, (TOP, "application")),
    "event-login": ("", EVENT, GREEN, ("producer", "producer")),
    "event-logout": ("", EVENT, GREEN, ("producer", "producer")),
    "event-tarea": ("", EVENT, GREEN, ("producer", "producer")),
    "event-calificacion": ("", EVENT, GREEN, ("producer", "producer")),
    "event-error": ("", EVENT, RED, ("producer", "producer")),
    **{topic: (topic, SERVICE, ORANGE, ("confluent", "streaming")) for topic in TOPICS},
    "schema-registry": ("Schema Registry", SERVICE, ORANGE, ("confluent", "streaming")),
    "dlq": ("DLQ", SERVICE, RED, ("confluent", "streaming")),
    "consumer": ("Consumer", SERVICE, GREEN, (TOP, "processing")),
    "process-validate": ("Validación", SERVICE, GREEN, ("consumer", "consumer")),
    "process-filter": ("Filtrado", SERVICE, GREEN, ("consumer", "consumer")),
    "process-transform": ("Transformación", SERVICE, GREEN, ("consumer", "consumer")),
    "process-enrich": ("Enriquecimiento", SERVICE, GREEN, ("consumer", "consumer")),
    "s3": ("S3 Bucket (Data Lake)", SERVICE, BLUE, ("aws", "storage")),
    "cloudwatch": ("CloudWatch (Monitoring)", SERVICE, BLUE, ("aws", "storage")),
    "alarms": ("CloudWatch Alarms", SERVICE, BLUE, ("aws", "notification")),
    "sns": ("SNS (Notifications)", SERVICE, BLUE, ("aws", "notification")),
    "dashboard": ("Dashboard", SERVICE, BLUE, (None, "notification")),
    "email": ("E-mail", EVENT, RED, (TOP, "notification")),
    "sms": ("SMS", EVENT, RED, (TOP, None)),
}
# the parent: its text, and the brief's annotations (pills in the colour of what they describe)
KEYS = dict.fromkeys(TOPICS, "clave: estudiante") | {"sistema-logs": "clave: servicio"}
TEXTS = {
    "producer-tool": ("producer", "script Python"),
    "producer-data": ("producer", "JSON: estudiante y actividad"),
    "consumer-tool": ("consumer", "script Python"),
    "process-derive": ("consumer", "calificacion → notificacion"),
    "alarms-text": ("alarms", "vigila las métricas"),
    "dlq-key": ("dlq", "registros no válidos"),
    **{f"{topic}-key": (topic, key) for topic, key in KEYS.items()},
    **{
        f"event-{kind}-text": ("producer", kind)
        for kind in ("login", "logout", "tarea", "calificacion", "error")
    },
}
ANNOTATIONS = {
    "s3-note": ("s3", "Persistente", BLUE),
    "cloudwatch-note": ("cloudwatch", "Monitoreo", BLUE),
    "sns-note": ("sns", "Alertas Automáticas", BLUE),
}
AWS_ICONS = {"s3": "s3", "cloudwatch": "cloudwatch_2", "alarms": "alarm", "sns": "sns"}
ICONS = [
    *("web-app", "user-events", "academic-system", "system-logs"),
    *(*TOPICS, "dlq", "schema-registry", "email"),
]

DATA, ALERT, INVALID, LOOK_UP, WITHIN = "data", "alert", "invalid", "look-up", "within"
LOOKS = {  # of arrows: colour, width, dotted
    DATA: ("#57606A", "6", False),
    INVALID: (RED, "6", False),
    ALERT: (RED, "4", True),
    LOOK_UP: (ORANGE, "2", False),
    WITHIN: ("#57606A", "4", False),
}
LIVE, SCHEMAS = "Tiempo Real", "esquemas"
# source, target, its look, the step of the demo on it, what it says
ARROWS = [
    ("web-app", "user-events", DATA, "", ""),
    ("user-events", "academic-system", DATA, "", ""),
    ("academic-system", "system-logs", DATA, "", ""),
    ("user-events", "producer", DATA, "1", LIVE),
    ("system-logs", "producer", DATA, "1", ""),
    ("producer", "estudiante-eventos", DATA, "2", LIVE),
    ("producer", "sistema-logs", DATA, "2", ""),
    ("estudiante-eventos", "consumer", DATA, "3", LIVE),
    ("sistema-logs", "consumer", DATA, "3", ""),
    ("process-validate", "process-filter", WITHIN, "", ""),
    ("process-filter", "process-transform", WITHIN, "", ""),
    ("process-transform", "process-enrich", WITHIN, "", ""),
    ("consumer", "notificaciones", DATA, "3", ""),
    ("notificaciones", "consumer", DATA, "3", ""),
    ("consumer", "dlq", INVALID, "3", ""),
    ("consumer", "s3", DATA, "3", LIVE),
    ("consumer", "cloudwatch", DATA, "3", LIVE),
    ("cloudwatch", "alarms", ALERT, "4", ""),
    ("alarms", "sns", ALERT, "4", ""),
    ("consumer", "sns", ALERT, "4", ""),
    ("sns", "email", ALERT, "4", ""),
    ("producer", "schema-registry", LOOK_UP, "", SCHEMAS),
    ("schema-registry", "consumer", LOOK_UP, "", SCHEMAS),
]
ARROWS_OF_COLUMNS = [("sns", "sms", ALERT, "4", "")]
ARROWS_OF_LAYERS = [("cloudwatch", "dashboard", DATA, "4", "")]

# number: the event it begins with, the boxes that carry its mark, the ways it goes
SCENARIOS = {
    1: ("login", ["estudiante-eventos", "s3", "cloudwatch"],
        ["producer estudiante-eventos consumer s3", "consumer cloudwatch"]),
    2: ("error", ["sistema-logs", "cloudwatch", "alarms", "sns"],
        ["producer sistema-logs consumer cloudwatch alarms sns email"]),
    3: ("calificacion", ["estudiante-eventos", "consumer", "notificaciones", "sns", "s3"],
        ["producer estudiante-eventos consumer notificaciones consumer sns email", "consumer s3"]),
}  # fmt: skip
METRICS = {
    "throughput": ("Throughput", "mensajes por segundo", "lecciones 05, 13"),
    "latency": ("Latencia", "de evento a procesamiento", "lecciones 10, 13"),
    "scalability": ("Escalabilidad", "picos de carga", "lecciones 06, 13"),
    "durability": ("Durabilidad", "persistencia ante fallos", "lecciones 04, 07, 13"),
}
LEGEND = {
    "legend-colours": "Colores",
    "legend-green-text": "Aplicaciones y fuentes",
    "legend-orange-text": "Confluent Cloud",
    "legend-blue-text": "Servicios de AWS",
    "legend-red-text": "Alertas y errores",
    "legend-symbols": "Símbolos",
    "legend-service-text": "Servicio principal",
    "legend-event-text": "Evento o dato",
    "legend-data-text": "Flujo de datos",
    "legend-alert-text": "Alerta o notificación",
    "legend-look-up-text": "Consulta de esquemas",
    "legend-steps": "Pasos de la demo",
    "legend-step-1-text": "Generación de eventos",
    "legend-step-2-text": "Streaming en Confluent Cloud",
    "legend-step-3-text": "Procesamiento y almacenamiento en AWS",
    "legend-step-4-text": "Monitoreo y alertas",
    "legend-scenarios": "Escenarios de la demo",
    "legend-scenario-1-text": "Estudiante se conecta: login → estudiante-eventos → registro en S3"
    " + métrica en CloudWatch",
    "legend-scenario-2-text": "Sistema genera error: error → sistema-logs → alerta automática"
    " + log en CloudWatch",
    "legend-scenario-3-text": "Notificación automática: calificacion → notificaciones →"
    " e-mail/SMS + histórico",
}
