#include "worker/config/config_table.h"

#include "worker/config/config.h"

#define IN(member)       offsetof(leat_config, member)
#define OF(type, member) offsetof(type, member)

/* A map fills an array of `type`: its count, the array, and the place in an element. */
#define FILLS(count, array, type)                                                        \
    .offset = IN(count), .at = IN(array), .size = sizeof(type),                          \
    .place = offsetof(type, place)

_Static_assert(offsetof(leat_pair, name) == 0, "the loader writes names there");
_Static_assert(offsetof(leat_config_input, name) == 0, "the loader writes names there");
_Static_assert(offsetof(leat_config_feature, name) == 0, "the loader writes names there");
_Static_assert(offsetof(leat_config_lookup, name) == 0, "the loader writes names there");
_Static_assert(offsetof(leat_config_aggregate, name) == 0,
               "the loader writes names there");
_Static_assert(offsetof(leat_config_value, name) == 0, "the loader writes names there");
_Static_assert(offsetof(leat_config_condition, path) == 0,
               "the loader writes names there");
_Static_assert(offsetof(leat_config_threshold, decision) == 0,
               "the loader writes names there");

static const leat_key text = {.type = LEAT_KEY_TEXT};
static const leat_key topic = {.type = LEAT_KEY_TOPIC};
static const leat_key event_path = {.type = LEAT_KEY_PATH, .paths = LEAT_PATHS_EVENT};
static const leat_key property = {.type = LEAT_KEY_PROPERTY,
                                  .offset = OF(leat_pair, value)};

static const leat_choice formats[] = {
    [LEAT_PAYLOAD_MSGPACK] = {"msgpack", false},
    [LEAT_PAYLOAD_JSON] = {"json", false},
    {0},
};
static const leat_choice starts[] = {
    [LEAT_START_LATEST] = {"latest", false},
    [LEAT_START_EARLIEST] = {"earliest", false},
    {0},
};
static const leat_choice ranges[] = {
    [LEAT_OUT_OF_RANGE_STOP] = {"stop", false},
    [LEAT_OUT_OF_RANGE_EARLIEST] = {"earliest", false},
    [LEAT_OUT_OF_RANGE_LATEST] = {"latest", false},
    {0},
};

static const leat_key wanted_value = {.type = LEAT_KEY_TEXT, .fallback = ""};
static const leat_key wanted = {.type = LEAT_KEY_LIST,
                                .element = &wanted_value,
                                .or_one = true,
                                .required = true,
                                .offset = OF(leat_config_condition, wanted)};

static const leat_key source_keys[] = {
    {"topics", LEAT_KEY_LIST, .required = true, .element = &topic,
     .offset = IN(source.topics), .help = "The topics whose events are scored."},
    {"group", LEAT_KEY_TEXT, .default_text = "`leat-` and `model.name`",
     .offset = IN(source.group),
     .help = "The consumer group. Workers of one group share the partitions."},
    {"format", LEAT_KEY_CHOICE, .fallback = "msgpack", .choices = formats,
     .offset = IN(source.format), .help = "What the payloads are."},
    {"where", LEAT_KEY_MAP, .element = &wanted,
     FILLS(source.n_conditions, source.where, leat_config_condition),
     .help =
         "Which events are scored: paths of the event, each with the value, or a list "
         "of values, that it may have. Others are skipped, see [Events that are left "
         "out](#events-that-are-left-out)."},
    {"time", LEAT_KEY_PATH, .fallback = "meta.timestamp", .paths = LEAT_PATHS_TIME,
     .offset = IN(source.time),
     .help =
         "The event time that a prediction carries: a path of the event, or "
         "`meta.timestamp`, the record's. A msgpack timestamp, seconds or milliseconds "
         "since 1970, or RFC 3339's text; where it is anything else, the record's own."},
    {"start", LEAT_KEY_CHOICE, .fallback = "latest", .choices = starts,
     .offset = IN(source.start),
     .help = "Where the group begins on a topic for which it has no offset yet."},
    {"out_of_range", LEAT_KEY_CHOICE, .fallback = "stop", .choices = ranges,
     .offset = IN(source.out_of_range),
     .help = "What to do where the committed offset is no longer in the topic: `stop` "
             "with a message, or go on from there."},
    {"id_prefix", LEAT_KEY_TEXT, .fallback = "", .offset = IN(source.id_prefix),
     .help = "Stands before every `id`, for topics that were recreated or mirrored."},
    {"kafka", LEAT_KEY_MAP, .element = &property,
     FILLS(source.kafka.n, source.kafka.at, leat_pair),
     .help =
         "librdkafka properties of the consumer alone. Each lane adds its number to a "
         "`group.instance.id`."},
    {0},
};

static const leat_key window_keys[] = {
    {"max_events", LEAT_KEY_INTEGER, .fallback = "256", .min = "1", .max = "65536",
     .offset = IN(window.max_events), .help = "A batch closes at so many events,"},
    {"max_wait", LEAT_KEY_DURATION, .fallback = "2ms", .min = "0ms", .max = "1m",
     .offset = IN(window.max_wait_ns),
     .help = "or so long after its first event (exactly once, at most 2s),"},
    {"max_bytes", LEAT_KEY_SIZE, .fallback = "4MiB", .min = "1KiB", .max = "256MiB",
     .offset = IN(window.max_bytes),
     .help = "or at so many bytes of payloads. A larger event is a batch of its own."},
    {0},
};

static const leat_key input_columns = {
    .type = LEAT_KEY_LIST, .element = &text, .offset = OF(leat_config_input, columns)};

static const leat_key model_keys[] = {
    {"name", LEAT_KEY_TEXT, .default_text = "the file's name without its ending",
     .offset = IN(model.name), .help = "The name that predictions carry."},
    {"path", LEAT_KEY_FILE, .required = true, .offset = IN(model.path),
     .help = "The model: XGBoost JSON or UBJSON, LightGBM text or ONNX, told apart by "
             "content."},
    {"sha256", LEAT_KEY_DIGEST, .offset = IN(model.sha256),
     .help = "Pins the file: another one is refused."},
    {"golden", LEAT_KEY_FILE, .offset = IN(model.golden),
     .help = "Rows with the scores that they must get, see [Golden rows](#golden-rows)."},
    {"inputs", LEAT_KEY_MAP, .element = &input_columns,
     FILLS(model.n_inputs, model.inputs, leat_config_input),
     .help = "The features of each input in the order of its columns. Required where "
             "nobody else names them, and only there, see [Columns and "
             "features](#columns-and-features)."},
    {0},
};

static const leat_choice readings[] = {
    [LEAT_AS_NUMBER] = {"number", false},
    [LEAT_AS_HOUR] = {"hour", false},
    [LEAT_AS_WEEKDAY] = {"weekday", false},
    [LEAT_AS_SECONDS_SINCE] = {"seconds_since", false},
    [LEAT_AS_IDS] = {"ids", false},
    {0},
};
static const leat_choice ends[] = {
    [LEAT_KEEP_FIRST] = {"first", false},
    [LEAT_KEEP_LAST] = {"last", false},
    {0},
};
static const leat_key category = {.type = LEAT_KEY_TEXT, .fallback = ""};

static const leat_key feature_keys[] = {
    {"from", LEAT_KEY_PATH, .required = true, .paths = LEAT_PATHS_ANY,
     .offset = OF(leat_config_feature, from),
     .help = "Where the value comes from: `event.amount`, `meta.timestamp`, `key`, "
             "`headers.NAME`, or a field of a lookup, `user.avg_30d`."},
    {"default", LEAT_KEY_SCALAR, .default_text = "missing (NaN)",
     .offset = OF(leat_config_feature, default_value),
     .present = OF(leat_config_feature, has_default),
     .help = "What stands in for a value that is missing: a number, text where the "
             "model's input takes strings, one of the categories where there are some."},
    {"as", LEAT_KEY_CHOICE, .default_text = "what the model's input takes",
     .choices = readings, .offset = OF(leat_config_feature, as),
     .present = OF(leat_config_feature, has_as),
     .help = "How the value is read, see [How a value is read](#how-a-value-is-read)."},
    {"zone", LEAT_KEY_TEXT, .default_text = "`UTC`",
     .offset = OF(leat_config_feature, zone),
     .help = "Whose hour or weekday: a zone of tzdata, `Europe/Berlin`."},
    {"categories", LEAT_KEY_LIST, .element = &category,
     .default_text = "the model's own, where it has some",
     .offset = OF(leat_config_feature, categories),
     .present = OF(leat_config_feature, has_categories),
     .help = "The strings that the column was trained with, in the order of their codes. "
             "One that is not listed is missing."},
    {"length", LEAT_KEY_INTEGER, .min = "1", .max = "65536",
     .offset = OF(leat_config_feature, length),
     .present = OF(leat_config_feature, has_length),
     .help = "Of `as: ids`: how many elements of the input the sequence fills."},
    {"pad", LEAT_KEY_SIGNED, .fallback = "0", .offset = OF(leat_config_feature, pad),
     .present = OF(leat_config_feature, has_pad),
     .help = "Of `as: ids`: what stands behind a sequence that is shorter, and in place "
             "of one that is missing."},
    {"keep", LEAT_KEY_CHOICE, .fallback = "last", .choices = ends,
     .offset = OF(leat_config_feature, keep),
     .present = OF(leat_config_feature, has_keep),
     .help = "Of `as: ids`: which end of a sequence stays that is longer."},
    {0},
};
static const leat_key feature = {.type = LEAT_KEY_SECTION, .keys = feature_keys};

static const leat_choice on_unavailable[] = {
    [LEAT_CONFIG_UNAVAILABLE_DEFAULT] = {"default", false},
    [LEAT_CONFIG_UNAVAILABLE_WAIT] = {"wait", false},
    [LEAT_CONFIG_UNAVAILABLE_DEAD_LETTER] = {"dead_letter", false},
    {0},
};
static const leat_choice lookup_formats[] = {
    [LEAT_CONFIG_LOOKUP_HASH] = {"hash", false},
    [LEAT_CONFIG_LOOKUP_MSGPACK] = {"msgpack", false},
    [LEAT_CONFIG_LOOKUP_JSON] = {"json", false},
    [LEAT_CONFIG_LOOKUP_FEAST] = {"feast", false},
    {0},
};

static const leat_choice join_types[] = {
    [LEAT_CONFIG_JOIN_STRING] = {"string", false},
    [LEAT_CONFIG_JOIN_INT64] = {"int64", false},
    [LEAT_CONFIG_JOIN_INT32] = {"int32", false},
    [LEAT_CONFIG_JOIN_BYTES] = {"bytes", false},
    [LEAT_CONFIG_JOIN_UNIX_TIMESTAMP] = {"unix_timestamp", false},
    {0},
};
static const leat_key join_path = {
    .type = LEAT_KEY_PATH, .paths = LEAT_PATHS_ROW, .offset = OF(leat_pair, value)};
static const leat_key join_type = {
    .type = LEAT_KEY_CHOICE, .choices = join_types, .offset = OF(leat_config_join, type)};

static const leat_key feast_keys[] = {
    {"project", LEAT_KEY_TEXT, .offset = OF(leat_config_lookup, feast.project),
     .help = "The project of the feature store. Required with `format: feast`."},
    {"version", LEAT_KEY_INTEGER, .fallback = "3", .min = "2", .max = "3",
     .offset = OF(leat_config_lookup, feast.version),
     .help = "`entity_key_serialization_version` of the feature store."},
    {"view", LEAT_KEY_TEXT, .offset = OF(leat_config_lookup, feast.view),
     .help = "The feature view of fields that name none: with it `driver.conv_rate`, "
             "without it `driver.\"driver_stats:conv_rate\"`."},
    {"entities", LEAT_KEY_MAP, .element = &join_path,
     .offset = OF(leat_config_lookup, feast.entities.n),
     .at = OF(leat_config_lookup, feast.entities.at), .size = sizeof(leat_pair),
     .place = offsetof(leat_pair, place),
     .help = "Every join key of the view, and where the event has it. Required with "
             "`format: feast`."},
    {"types", LEAT_KEY_MAP, .element = &join_type,
     .offset = OF(leat_config_lookup, feast.n_types),
     .at = OF(leat_config_lookup, feast.types), .size = sizeof(leat_config_join),
     .place = offsetof(leat_config_join, place),
     .help = "The type of a join key, where it is not that of the event: there an "
             "integer is an `int64`, text a `string`."},
    {0},
};

static const leat_key lookup_keys[] = {
    {"key", LEAT_KEY_TEMPLATE, .offset = OF(leat_config_lookup, key),
     .help = "The Redis key: text with paths of the event in braces, "
             "`\"user:{event.user_id}\"`. `{{` and `}}` stand for braces. Required, but "
             "with `format: feast`."},
    {"format", LEAT_KEY_CHOICE, .fallback = "hash", .choices = lookup_formats,
     .offset = OF(leat_config_lookup, format),
     .help =
         "What stands under the key: a HASH, whose fields are text; one string an "
         "entity, which is a map; or what Feast wrote, see [lookups.md](lookups.md)."},
    {"on_unavailable", LEAT_KEY_CHOICE, .fallback = "default", .choices = on_unavailable,
     .offset = OF(leat_config_lookup, on_unavailable),
     .help = "What to do where Redis does not answer in time: score with the features' "
             "defaults and say so in `quality`, wait until it does, or make the event a "
             "dead letter, see [lookups.md](lookups.md#when-redis-does-not-answer)."},
    {"max_age", LEAT_KEY_DURATION, .default_text = "however old", .min = "1s",
     .max = "8760h", .offset = OF(leat_config_lookup, max_age_ns),
     .help = "Values that were written so long before the event, or at an unknown time, "
             "are missing."},
    {"time", LEAT_KEY_TEXT, .offset = OF(leat_config_lookup, time),
     .help =
         "The field that says when the entity was written: `updated_at`, a time as "
         "`source.time` takes it. What `max_age` looks at; Feast keeps it by itself."},
    {"feast", LEAT_KEY_SECTION, .keys = feast_keys,
     .help = "With `format: feast`: where the feature store has it."},
    {0},
};
static const leat_key lookup = {.type = LEAT_KEY_SECTION, .keys = lookup_keys};

static const leat_choice since_choices[] = {{"last", false}, {0}};

#define VALUE(kind, text)                                                                \
    {                                                                                    \
#kind, LEAT_KEY_PATH, .paths = LEAT_PATHS_EVENT,                                 \
                              .offset = OF(leat_config_value, kind), .help = text        \
    }

static const leat_key value_keys[] = {
    VALUE(sum, "The sum of a number of the event; 0 where there is none."),
    VALUE(mean, "Its mean,"),
    VALUE(min, "the smallest,"),
    VALUE(max, "and the largest one."),
    VALUE(std, "Its standard deviation, of the sample (n - 1)."),
    VALUE(distinct, "How many different values there were: strings or numbers."),
    VALUE(last, "The number that was seen last."),
    {"n", LEAT_KEY_INTEGER, .fallback = "1", .min = "1", .max = "1024",
     .offset = OF(leat_config_value, n),
     .help = "With `last`: so many of them, the oldest first, for a feature that is read "
             "`as: ids`."},
    {"since", LEAT_KEY_CHOICE, .choices = since_choices,
     .offset = OF(leat_config_value, since), .present = OF(leat_config_value, has_since),
     .help = "`last`: the seconds since the event before this one."},
    {0},
};
static const leat_key value = {.type = LEAT_KEY_SECTION, .keys = value_keys};

static const leat_key aggregate_keys[] = {
    {"entity", LEAT_KEY_PATH, .required = true, .paths = LEAT_PATHS_EVENT,
     .offset = OF(leat_config_aggregate, entity),
     .help = "Whose events are aggregated: `key`, the record's key, or a path of the "
             "event, see [Aggregates](#aggregates)."},
    {"over", LEAT_KEY_DURATION, .required = true, .min = "1s", .max = "8760h",
     .offset = OF(leat_config_aggregate, over_ns),
     .help = "The length of the window that ends with the event."},
    {"lateness", LEAT_KEY_DURATION, .default_text = "`over` / 60", .min = "1ms",
     .max = "8760h", .offset = OF(leat_config_aggregate, lateness_ns),
     .help = "How late an event may be, and how far ahead of its record's timestamp."},
    {"keep", LEAT_KEY_DURATION, .fallback = "1h", .min = "1s", .max = "8760h",
     .offset = OF(leat_config_aggregate, keep_ns),
     .help = "How long Redis keeps an entity beyond its window: as long as workers may "
             "be behind and lose nothing of it."},
    {"on_unavailable", LEAT_KEY_CHOICE, .fallback = "default", .choices = on_unavailable,
     .offset = OF(leat_config_aggregate, on_unavailable),
     .help = "What to do where Redis does not answer in time: score without and say so "
             "in `quality`, wait until it does, or make the event a dead letter. The "
             "same for all aggregates of an entity."},
    {"of", LEAT_KEY_MAP, .required = true, .element = &value,
     .offset = OF(leat_config_aggregate, n_values),
     .at = OF(leat_config_aggregate, values), .size = sizeof(leat_config_value),
     .place = OF(leat_config_value, place),
     .help = "Values by name, each with what it is: `{count: {}, spent: {sum: "
             "event.amount}}`; `{}` counts."},
    {0},
};
static const leat_key aggregate = {.type = LEAT_KEY_SECTION, .keys = aggregate_keys};

static const leat_key cache_keys[] = {
    {"entries", LEAT_KEY_INTEGER, .fallback = "off", .min = "1", .max = "100000000",
     .word = "off", .offset = IN(redis.cache.entries),
     .help = "How many entities a lane keeps; those that Redis does not have count."},
    {"ttl", LEAT_KEY_DURATION, .fallback = "1s", .min = "1ms", .max = "24h",
     .offset = IN(redis.cache.ttl_ns),
     .help = "How long an entity is not asked for again: so old may a value be."},
    {"stale", LEAT_KEY_DURATION, .fallback = "1m", .min = "0ms", .max = "24h",
     .offset = IN(redis.cache.stale_ns),
     .help = "How long after that it may stand in while Redis does not answer; the "
             "`quality` is `stale` then."},
    {"bytes", LEAT_KEY_SIZE, .fallback = "64MiB", .min = "1MiB", .max = "64GiB",
     .offset = IN(redis.cache.bytes),
     .help = "How much memory the keys and values of a lane may take. It is used as it "
             "fills."},
    {0},
};

static const leat_key tls_keys[] = {
    {"ca", LEAT_KEY_FILE, .default_text = "what the system trusts",
     .offset = IN(redis.tls.ca), .help = "Who signs the server's certificate."},
    {"cert", LEAT_KEY_FILE, .offset = IN(redis.tls.cert),
     .help = "The worker's own certificate, where the server wants one,"},
    {"key", LEAT_KEY_FILE, .offset = IN(redis.tls.key), .help = "and its key."},
    {0},
};

static const leat_key redis_keys[] = {
    {"url", LEAT_KEY_TEXT, .fallback = "redis://localhost:6379", .offset = IN(redis.url),
     .help = "`redis://[user[:password]@]host[:port][/db]`, `rediss://` for TLS, or "
             "`unix:///path/to/socket?db=0`."},
    {"timeout", LEAT_KEY_DURATION, .fallback = "5ms", .min = "100us", .max = "1m",
     .offset = IN(redis.timeout_ns),
     .help = "How long a batch waits for Redis, connecting included."},
    {"tls", LEAT_KEY_SECTION, .keys = tls_keys,
     .help = "Files in PEM, with `rediss://`. The server's certificate has to be of the "
             "host that is named."},
    {"cache", LEAT_KEY_SECTION, .keys = cache_keys,
     .help = "Entities that a lane remembers, see [lookups.md](lookups.md#the-cache)."},
    {"generation", LEAT_KEY_INTEGER, .fallback = "1", .min = "1", .max = "1000000",
     .offset = IN(redis.generation),
     .help = "Of the aggregates: another one begins them afresh."},
    {"states", LEAT_KEY_SIZE, .fallback = "64MiB", .min = "1MiB", .max = "64GiB",
     .offset = IN(redis.states_bytes),
     .help = "How much memory a lane gives to the states of aggregates whose entity is "
             "`key`."},
    {0},
};

static const leat_key rank_keys[] = {
    {"over", LEAT_KEY_PATH, .default_text = "none: an event is one row",
     .paths = LEAT_PATHS_ARRAY, .offset = IN(rank.over),
     .help = "The array whose elements are the candidates. Required in this section."},
    {"top", LEAT_KEY_INTEGER, .fallback = "10", .min = "1", .max = "1000",
     .offset = IN(rank.top), .help = "How many of the best the prediction holds."},
    {"item", LEAT_KEY_PATH,
     .default_text = "`candidate`, where candidates have no fields",
     .paths = LEAT_PATHS_CANDIDATE, .offset = IN(rank.item),
     .help = "What names a candidate in the ranking: `candidate.id`, or `candidate`, all "
             "of it."},
    {"class", LEAT_KEY_INTEGER, .min = "0", .max = "65535", .offset = IN(rank.class),
     .present = IN(rank.has_class),
     .help = "Of a model with a score for each class: whose score ranks."},
    {"max", LEAT_KEY_INTEGER, .fallback = "1000", .min = "1", .max = "10000",
     .offset = IN(rank.max),
     .help = "An event with more candidates is a dead letter: so much memory may a batch "
             "take."},
    {0},
};

static const leat_key threshold = {.type = LEAT_KEY_NUMBER,
                                   .offset = OF(leat_config_threshold, min_score)};

static const leat_key sink_keys[] = {
    {"topic", LEAT_KEY_TOPIC, .required = true, .offset = IN(sink.topic),
     .help = "The topic of the predictions."},
    {"include", LEAT_KEY_LIST, .element = &event_path, .offset = IN(sink.include),
     .help = "Paths of the event that go into the prediction, each under its last name."},
    {"headers", LEAT_KEY_LIST, .element = &text, .offset = IN(sink.headers),
     .help = "Names of the record's headers that pass on to the prediction's record."},
    {"thresholds", LEAT_KEY_MAP, .element = &threshold,
     FILLS(sink.n_thresholds, sink.thresholds, leat_config_threshold),
     .help = "Decisions and the least score of each; the highest one reached is the "
             "prediction's `decision`."},
    {"features", LEAT_KEY_TOPIC, .default_text = "none", .offset = IN(sink.features),
     .help =
         "The topic of the feature records: each scored row as the model was given it, "
         "see [Feature records](#feature-records)."},
    {"explain", LEAT_KEY_LATER, .help = "Reasons on predictions."},
    {"kafka", LEAT_KEY_MAP, .element = &property,
     FILLS(sink.kafka.n, sink.kafka.at, leat_pair),
     .help = "librdkafka properties of the producer alone."},
    {0},
};

static const leat_choice styles[] = {{"connect", false}, {"spring", true}, {0}};

static const leat_key dead_letter_keys[] = {
    {"topic", LEAT_KEY_TOPIC, .default_text = "none: a bad event stops the worker",
     .offset = IN(dead_letter.topic),
     .help = "The topic of events that cannot be scored."},
    {"style", LEAT_KEY_CHOICE, .fallback = "connect", .choices = styles, .unstored = true,
     .help = "Whose headers say what happened: Kafka Connect's."},
    {"max_rate", LEAT_KEY_NUMBER, .fallback = "0.5", .min = "0", .max = "1",
     .offset = IN(dead_letter.max_rate),
     .help = "When more than this share of at least 100 events within a minute cannot be "
             "scored, the worker halts, see "
             "[docs/operations.md](operations.md#a-worker-that-halted). `1`: never."},
    {0},
};

static const leat_key http_keys[] = {
    {"listen", LEAT_KEY_LISTEN, .fallback = "127.0.0.1:9464", .offset = IN(http.listen),
     .present = IN(http.is_written),
     .help = "Where `/livez`, `/readyz` and `/metrics` answer; port 0 takes a free one, "
             "which the log names. An address that is written here and cannot be had "
             "ends the worker; the default one is then done without."},
    {0},
};

static const leat_choice deliveries[] = {
    [LEAT_DELIVERY_AT_LEAST_ONCE] = {"at_least_once", false},
    [LEAT_DELIVERY_EXACTLY_ONCE] = {"exactly_once", false},
    {0},
};

static const leat_key transaction_keys[] = {
    {"max_wait", LEAT_KEY_DURATION, .fallback = "100ms", .min = "1ms", .max = "5s",
     .offset = IN(transaction.max_wait_ns),
     .help = "A transaction is committed so long after its first event,"},
    {"max_events", LEAT_KEY_INTEGER, .fallback = "50000", .min = "1", .max = "1000000",
     .offset = IN(transaction.max_events), .help = "or when it has so many events."},
    {"id_prefix", LEAT_KEY_TEXT,
     .default_text = "`source.group` and `$POD_NAME`, or else the host's name",
     .offset = IN(transaction.id_prefix),
     .help =
         "What the transactional ids of the lanes begin with: the same after a restart, "
         "and different for every worker that runs."},
    {0},
};

static const leat_key top_keys[] = {
    {"kafka", LEAT_KEY_MAP, .element = &property, FILLS(kafka.n, kafka.at, leat_pair),
     .help = "librdkafka properties of every client. `bootstrap.servers` is required. "
             "Properties that Leat sets itself are refused, with what to use instead."},
    {"source", LEAT_KEY_SECTION, .keys = source_keys, .help = "The events."},
    {"window", LEAT_KEY_SECTION, .keys = window_keys, .help = "What closes a batch."},
    {"model", LEAT_KEY_SECTION, .keys = model_keys, .help = "The model."},
    {"features", LEAT_KEY_MAP, .element = &feature,
     FILLS(n_features, features, leat_config_feature),
     .help = "The model's columns by name, and where their values come from."},
    {"lookups", LEAT_KEY_MAP, .element = &lookup,
     FILLS(n_lookups, lookups, leat_config_lookup),
     .help = "Entities in Redis, whose fields are features."},
    {"aggregates", LEAT_KEY_MAP, .element = &aggregate,
     FILLS(n_aggregates, aggregates, leat_config_aggregate),
     .help = "Features over what was seen of an entity, kept in Redis."},
    {"redis", LEAT_KEY_SECTION, .keys = redis_keys,
     .help = "Where lookups and aggregates are."},
    {"rank", LEAT_KEY_SECTION, .keys = rank_keys,
     .help = "Events that hold candidates, to be ranked: see [Ranking](#ranking)."},
    {"sink", LEAT_KEY_SECTION, .keys = sink_keys, .help = "The predictions."},
    {"dead_letter", LEAT_KEY_SECTION, .keys = dead_letter_keys,
     .help = "The events that could not be scored."},
    {"delivery", LEAT_KEY_CHOICE, .fallback = "at_least_once", .choices = deliveries,
     .offset = IN(delivery),
     .help =
         "What is promised when a worker or broker fails: see [Delivery](delivery.md)."},
    {"transaction", LEAT_KEY_SECTION, .keys = transaction_keys,
     .help = "The transactions of `delivery: exactly_once`."},
    {"lanes", LEAT_KEY_INTEGER, .fallback = "auto", .min = "1", .max = "256",
     .word = "auto", .offset = IN(lanes),
     .help = "Threads, each with clients of its own; `auto`: as many as the CPU quota "
             "allows."},
    {"http", LEAT_KEY_SECTION, .keys = http_keys,
     .help = "Probes and metrics, see [docs/operations.md](operations.md)."},
    {0},
};

const leat_key leat_config_table = {.type = LEAT_KEY_SECTION, .keys = top_keys};

const char *leat_key_type_text(leat_key_type type)
{
    static const char *const texts[] = {
        [LEAT_KEY_SECTION] = "a map",
        [LEAT_KEY_MAP] = "a map",
        [LEAT_KEY_LIST] = "a list",
        [LEAT_KEY_TEXT] = "text",
        [LEAT_KEY_TOPIC] = "the name of a topic",
        [LEAT_KEY_FILE] = "the path of a file",
        [LEAT_KEY_DIGEST] = "64 hexadecimal digits",
        [LEAT_KEY_PATH] = "a path such as event.amount",
        [LEAT_KEY_TEMPLATE] = "a key such as \"user:{event.user_id}\"",
        [LEAT_KEY_PROPERTY] = "text or a number (a property's name keeps its dots)",
        [LEAT_KEY_DURATION] = "a duration such as 2ms, 5s or 1h",
        [LEAT_KEY_SIZE] = "a size such as 512KiB or 4MiB",
        [LEAT_KEY_INTEGER] = "a whole number",
        [LEAT_KEY_SIGNED] = "a whole number",
        [LEAT_KEY_NUMBER] = "a number that a float32 can hold",
        [LEAT_KEY_SCALAR] = "a number or text",
        [LEAT_KEY_LISTEN] = "off, or an address such as 127.0.0.1:9464 or [::1]:9464",
        [LEAT_KEY_CHOICE] = "one word of a few",
        [LEAT_KEY_LATER] = "nothing yet",
    };
    return texts[type];
}
