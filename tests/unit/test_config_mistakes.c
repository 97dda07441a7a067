/* Every mistake that a configuration can hold, with the whole message that it gets. A row
 * replaces lines of a good configuration; what follows it stands from line 5 on. */
#include "worker/config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct mistake {
    const char *name;
    const char *message;                       /* behind "leat.yaml:" */
    leat_status status;                        /* 0: E_CONFIG */
    const char *kafka, *source, *model, *sink; /* lines 1 to 4, NULL: the good ones */
    const char *more;
    const char *whole; /* instead of everything */
};

#define TEN "0123456789"

static const struct mistake mistakes[] = {
    /* YAML itself */
    {"bad indentation",
     "7:2: not valid YAML: expected a key here: check the indentation (in what begins on "
     "line 1)",
     .more = "window:\n  max_events: 1\n max_wait: 2ms"},
    {"a tab",
     "6:1: not valid YAML: a value cannot begin with this character: quote it, and "
     "indent with spaces, not with tabs",
     .more = "window:\n\tmax_events: 1"},
    {"an open quote",
     "6:1: not valid YAML: the file ends before the closing quote (in what begins on "
     "line 3)",
     .model = "model: {path: 'm.ubj}"},
    {"an open brace",
     "6:1: not valid YAML: expected ',' or '}': quote a value that holds [ or { (in what "
     "begins on line 4)",
     .sink = "sink: {topic: out"},
    {"an index in braces",
     "5:33: not valid YAML: expected ',' or '}': quote a value that holds [ or {",
     .more = "features: {a: {from: event.items[0]}}"},
    {"no colon",
     "6:1: not valid YAML: expected 'key: value'; there is no ':' (in what begins on "
     "line 5)",
     .more = "lanes 4"},
    {"a colon in a value",
     "4:12: not valid YAML: a ':' is not allowed here: check the indentation, and quote "
     "a value that holds ': '",
     .sink = "sink: topic: out"},
    {"not UTF-8", "5:9: not valid YAML: invalid leading UTF-8 octet",
     .more = "lanes: \"\xff\""},
    {"a top level that is a list", "1:1: expected a map, found a list",
     .whole = "- kafka\n- source\n"},
    {"a top level that is text", "1:1: expected a map, found 'kafka'",
     .whole = "kafka\n"},
    {"two documents",
     "5:1: a second document begins here: one file holds one configuration",
     .more = "---\nlanes: 4"},
    {"an anchor",
     "5:9: anchors (&) and aliases (*) are not allowed: repeat the value, or quote a "
     "text that begins so",
     .more = "window: &w {max_events: 1}"},
    {"an alias",
     "5:8: anchors (&) and aliases (*) are not allowed: repeat the value, or quote a "
     "text that begins so",
     .more = "lanes: *n"},
    {"a tag", "5:8: tags (!) are not allowed: quote a text that begins so",
     .more = "lanes: !!int 4"},
    {"a key twice", "5:40: 'max_events' stands twice, first on line 5",
     .more = "window: {max_events: 1, max_wait: 1ms, max_events: 2}"},
    {"a section twice", "5:1: 'sink' stands twice, first on line 4",
     .more = "sink: {topic: other}"},
    {"nests too deep", "5:39: nests too deep",
     .more = "lanes: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]"},
    {"a key that is a list", "5:1: a key must be text", .more = "[a, b]: 1"},
    {"a NUL", "5:8: a text holds a NUL character", .more = "lanes: \"4\\0\""},

    /* keys */
    {"an empty file",
     "1:1: source.topics: is required: a list, each item the name of a topic",
     .whole = ""},
    {"a mistyped section", "5:1: unknown key 'windw'; did you mean 'window'?",
     .more = "windw: {max_events: 1}"},
    {"a mistyped key", "2:10: source: unknown key 'topcis'; did you mean 'topics'?",
     .source = "source: {topcis: [in]}"},
    {"a key of nothing known",
     "5:1: unknown key 'threads'; allowed here: kafka, source, window, model, features, "
     "lookups, aggregates, redis, rank, sink, dead_letter, delivery, transaction, lanes, "
     "http",
     .more = "threads: 4"},
    {"a key in the wrong section",
     "4:20: sink: unknown key 'compression'; allowed here: topic, include, headers, "
     "thresholds, features, kafka",
     .sink = "sink: {topic: out, compression: lz4}"},
    {"an unknown key of a feature",
     "6:12: features.amount: unknown key 'form'; did you mean 'from'?",
     .more = "features:\n  amount: {form: event.amount}"},
    {"no brokers",
     "1:8: kafka: bootstrap.servers is required: the brokers, as host:port,host:port",
     .kafka = "kafka: {client.id: a}"},
    {"brokers that are empty",
     "1:8: kafka: bootstrap.servers is required: the brokers, as host:port,host:port",
     .kafka = "kafka: {bootstrap.servers: ''}"},
    {"no topics",
     "2:9: source.topics: is required: a list, each item the name of a topic",
     .source = "source: {group: g}"},
    {"topics that are null",
     "2:10: source.topics: is required: a list, each item the name of a topic",
     .source = "source: {topics: null}"},
    {"no source",
     "1:1: source.topics: is required: a list, each item the name of a topic",
     .source = ""},
    {"no model path", "3:8: model.path: is required: the path of a file",
     .model = "model: {name: fraud}"},
    {"no sink topic", "4:7: sink.topic: is required: the name of a topic",
     .sink = "sink: {include: [event.id]}"},
    {"a feature without a path",
     "6:11: features.amount.from: is required: a path such as event.amount",
     .more = "features:\n  amount: {default: 0}"},
    {"a lookup without a key",
     "6:3: lookups.user: key is required: a key such as \"user:{event.user_id}\"",
     .more = "lookups:\n  user: {format: hash}"},
    {"a key for Feast",
     "6:3: lookups.user: Feast makes its keys itself: remove 'key', and name the join "
     "keys in feast.entities",
     .more = "lookups:\n  user: {format: feast, key: 'a:{key}'}"},
    {"Feast without a project",
     "6:3: lookups.user: format: feast needs  feast: {project: NAME, entities: "
     "{JOIN_KEY: "
     "event.NAME}}",
     .more = "lookups:\n  user: {format: feast, feast: {entities: {id: event.id}}}"},
    {"a feature store for a hash", "6:3: lookups.user: 'feast' is for format: feast",
     .more = "lookups:\n  user: {key: 'a:{key}', feast: {project: p}}"},
    {"an age that nobody knows",
     "6:3: lookups.user: max_age needs  time: FIELD, which says when the entity was "
     "written",
     .more = "lookups:\n  user: {key: 'a:{key}', max_age: 1h}"},
    {"a time of two steps in a hash",
     "6:3: lookups.user: 'time' must name one field of the lookup, as in time: "
     "updated_at; with format: msgpack or json a path may go on",
     .more = "lookups:\n  user: {key: 'a:{key}', time: a.b}"},
    {"a time for Feast",
     "6:3: lookups.user: Feast keeps by itself when values were written: remove 'time'",
     .more = "lookups:\n  user: {format: feast, time: t, feast: {project: p, entities: "
             "{id: event.id}}}"},
    {"a type of no join key",
     "7:39: lookups.user.feast.types: 'idd' is none of feast.entities",
     .more = "lookups:\n  user: {format: feast, feast: {project: p,\n    entities: {id: "
             "event.id}, types: {idd: int32}}}"},
    {"a type that is none",
     "7:43: lookups.user.feast.types.id: expected one of string, int64, int32, bytes, "
     "unix_timestamp, found 'float'",
     .more = "lookups:\n  user: {format: feast, feast: {project: p,\n    entities: {id: "
             "event.id}, types: {id: float}}}"},
    {"a field of no view",
     "5:12: features.a.from: 'u.x' names no feature view: write  u.\"VIEW:FEATURE\", or "
     "the lookup's feast.view",
     .more = "features: {a: {from: u.x}}\n"
             "lookups: {u: {format: feast, feast: {project: p, entities: {id: key}}}}"},
    {"an empty name", "6:3: features: a name is empty",
     .more = "features:\n  '': {from: event.a}"},

    /* types */
    {"a scalar for a section", "5:9: window: expected a map, found '256'",
     .more = "window: 256"},
    {"a list for a section", "5:9: window: expected a map, found a list",
     .more = "window: [256]"},
    {"text for a list",
     "2:18: source.topics: expected a list, found 'in'; write it in brackets: [...]",
     .source = "source: {topics: in}"},
    {"an empty list", "2:18: source.topics: the list is empty",
     .source = "source: {topics: []}"},
    {"a list of maps", "2:19: source.topics: expected the name of a topic, found a map",
     .source = "source: {topics: [{name: in}]}"},
    {"an item that is empty",
     "2:23: source.topics: expected the name of a topic, found nothing",
     .source = "source: {topics: [in, ~]}"},
    {"an item twice", "2:23: source.topics: 'in' stands twice",
     .source = "source: {topics: [in, in]}"},
    {"a map for text", "2:31: source.group: expected text, found a map",
     .source = "source: {topics: [in], group: {id: g}}"},
    {"an empty text", "2:31: source.group: expected text, found an empty one",
     .source = "source: {topics: [in], group: ''}"},
    {"text for a number",
     "5:22: window.max_events: expected a whole number, from 1 to 65536, found 'many'",
     .more = "window: {max_events: many}"},
    {"a fraction for a whole number",
     "5:22: window.max_events: expected a whole number, from 1 to 65536, found '2.5'",
     .more = "window: {max_events: 2.5}"},
    {"a negative whole number",
     "5:22: window.max_events: expected a whole number, from 1 to 65536, found '-1'",
     .more = "window: {max_events: -1}"},
    {"a number that is too large",
     "5:22: window.max_events: expected a whole number, from 1 to 65536, found '65537'",
     .more = "window: {max_events: 65537}"},
    {"a number past 64 bits",
     "5:22: window.max_events: expected a whole number, from 1 to 65536, found "
     "'99999999999999999999999'",
     .more = "window: {max_events: 99999999999999999999999}"},
    {"lanes in words",
     "5:8: lanes: expected auto or a whole number, from 1 to 256, found 'all'",
     .more = "lanes: all"},
    {"no lanes", "5:8: lanes: expected auto or a whole number, from 1 to 256, found '0'",
     .more = "lanes: 0"},
    {"a duration without a unit",
     "5:20: window.max_wait: expected a duration such as 2ms, 5s or 1h, from 0ms to 1m, "
     "found '5'",
     .more = "window: {max_wait: 5}"},
    {"a duration that is too long",
     "5:20: window.max_wait: expected a duration such as 2ms, 5s or 1h, from 0ms to 1m, "
     "found '2m'",
     .more = "window: {max_wait: 2m}"},
    {"a duration that overflows",
     "5:20: window.max_wait: expected a duration such as 2ms, 5s or 1h, from 0ms to 1m, "
     "found '99999999999999999d'",
     .more = "window: {max_wait: 99999999999999999d}"},
    {"a size in kilobytes",
     "5:21: window.max_bytes: expected a size such as 512KiB or 4MiB, from 1KiB to "
     "256MiB, "
     "found '4MB'",
     .more = "window: {max_bytes: 4MB}"},
    {"a size that is too small",
     "5:21: window.max_bytes: expected a size such as 512KiB or 4MiB, from 1KiB to "
     "256MiB, "
     "found '1B'",
     .more = "window: {max_bytes: 1B}"},
    {"a condition on a bare name",
     "2:32: source.where: path 'type', column 5: expected '.'; did you mean "
     "'event.type'?",
     .source = "source: {topics: [in], where: {type: buy}}"},
    {"a condition on a lookup",
     "2:32: source.where: 'user.age' is not of the event; allowed are event.NAME, key, "
     "headers.NAME, meta.topic and such",
     .source = "source: {topics: [in], where: {user.age: 5}}"},
    {"a condition that nothing can meet",
     "2:44: source.where.event.type: the list is empty",
     .source = "source: {topics: [in], where: {event.type: []}}"},
    {"a condition that is a map",
     "2:44: source.where.event.type: expected a list, found a map",
     .source = "source: {topics: [in], where: {event.type: {a: 1}}}"},
    {"a choice that is mistyped",
     "2:31: source.start: expected one of latest, earliest, found 'earliset'; did you "
     "mean 'earliest'?",
     .source = "source: {topics: [in], start: earliset}"},
    {"a choice that is unknown",
     "2:31: source.start: expected one of latest, earliest, found 'beginning'",
     .source = "source: {topics: [in], start: beginning}"},
    {"a digest that is short",
     "3:30: model.sha256: expected 64 hexadecimal digits, found 'abc123'",
     .model = "model: {path: m.ubj, sha256: abc123}"},
    {"a topic with a space",
     "4:15: sink.topic: 'my topic' is no name of a topic: 1 to 249 of letters, digits, "
     "'.', '_' and '-'",
     .sink = "sink: {topic: my topic}"},
    {"a topic that is a pattern",
     "2:19: source.topics: '^in.*' is no name of a topic: 1 to 249 of letters, digits, "
     "'.', '_' and '-'",
     .source = "source: {topics: ['^in.*']}"},

    /* paths and templates */
    {"a path without its root",
     "5:22: features.a.from: path 'amount', column 7: expected '.'; did you mean "
     "'event.amount'?",
     .more = "features: {a: {from: amount}}"},
    {"a path that breaks off",
     "5:22: features.a.from: path 'event.', column 7: expected the name of a field",
     .more = "features: {a: {from: event.}}"},
    {"a root that is mistyped",
     "5:12: features.a.from: there is no lookup or aggregate 'evnt'; did you mean "
     "'event'?",
     .more = "features: {a: {from: evnt.amount}}"},
    {"a lookup that is absent",
     "5:12: features.a.from: there is no lookup or aggregate 'usr'; did you mean 'user'?",
     .more = "features: {a: {from: usr.avg}}\n"
             "lookups: {user: {key: 'user:{event.id}'}}"},
    {"a lookup two steps deep",
     "5:12: features.a.from: 'user.avg.x' must name one field of the lookup, as in "
     "user.avg_30d; with format: msgpack or json a path may go on",
     .more = "features: {a: {from: user.avg.x}}\n"
             "lookups: {user: {key: 'user:{event.id}'}}"},
    {"a lookup that nobody reads",
     "5:11: lookups.user: no feature reads it; write  from: user.FIELD  at a feature, or "
     "remove it",
     .more = "lookups: {user: {key: 'user:{event.id}'}}"},
    {"a lookup called event",
     "5:11: lookups: 'event' cannot be a name: use letters, digits, '_' and '-', and "
     "none "
     "of event, candidate, key, headers, meta",
     .more = "lookups: {event: {key: 'user:{event.id}'}}"},
    {"a key without braces",
     "5:23: lookups.user.key: a path of the event stands in braces: {event.NAME}",
     .more = "lookups: {user: {key: 'user:event.id'}}"},
    {"a key with an open brace",
     "5:23: lookups.user.key: a '{' without its '}'; write {{ for a brace",
     .more = "lookups: {user: {key: 'user:{event.id'}}"},
    {"a key with a stray brace",
     "5:23: lookups.user.key: a '}' without its '{'; write }} for a brace",
     .more = "lookups: {user: {key: 'user:}'}}"},
    {"a key of a lookup",
     "5:23: lookups.user.key: 'user.id' names nothing of the event; write {event.NAME}, "
     "{key}, {headers.NAME} or {meta.topic}",
     .more = "lookups: {user: {key: 'user:{user.id}'}}"},
    {"a key of a bare name",
     "5:23: lookups.user.key: 'user_id' names nothing of the event; write {event.NAME}, "
     "{key}, {headers.NAME} or {meta.topic}",
     .more = "lookups: {user: {key: 'user:{user_id}'}}"},
    {"a key of nothing",
     "5:23: lookups.user.key: '' names nothing of the event; write {event.NAME}, {key}, "
     "{headers.NAME} or {meta.topic}",
     .more = "lookups: {user: {key: 'user:{}'}}"},
    {"a lookup without its field",
     "5:22: features.a.from: path 'user', column 5: expected '.'; write user.FIELD",
     .more = "features: {a: {from: user}}\nlookups: {user: {key: 'user:{key}'}}"},
    {"a cache that nothing fills",
     "5:16: redis.cache: is off; say how many entities a lane keeps, as in  entries: "
     "100000",
     .more = "redis: {cache: {ttl: 5s}}"},
    {"a cache of a number that is none",
     "5:26: redis.cache.entries: expected off or a whole number, from 1 to 100000000, "
     "found 'many'",
     .more = "redis: {cache: {entries: many}}"},
    {"a key of too many parts", "5:23: lookups.user.key: a key has at most 16 parts",
     .more =
         "lookups: {user: {key: '{key}{key}{key}{key}{key}{key}{key}{key}{key}{key}{key}"
         "{key}{key}{key}{key}{key}{key}'}}"},
    {"a time that is a header",
     "2:30: source.time: 'headers.t' is no time; allowed are event.NAME and "
     "meta.timestamp",
     .source = "source: {topics: [in], time: headers.t}"},
    {"an include of a lookup",
     "4:30: sink.include: 'user.avg' is not of the event; allowed are event.NAME, key, "
     "headers.NAME, meta.topic and such",
     .sink = "sink: {topic: out, include: [user.avg]}"},

    /* between keys */
    {"predictions into the input",
     "4:15: sink.topic: 'in' is one of source.topics: predictions would be scored",
     .sink = "sink: {topic: in}"},
    {"dead letters into the input",
     "5:22: dead_letter.topic: 'in' is one of source.topics: dead letters would be "
     "scored",
     .more = "dead_letter: {topic: in}"},
    {"feature records into the input",
     "4:30: sink.features: 'in' is one of source.topics: feature records would be scored",
     .sink = "sink: {topic: out, features: in}"},
    {"feature records into the output", "4:30: sink.features: 'out' is sink.topic too",
     .sink = "sink: {topic: out, features: out}"},
    {"dead letters among the feature records",
     "5:22: dead_letter.topic: 'f' is sink.features too",
     .sink = "sink: {topic: out, features: f}", .more = "dead_letter: {topic: f}"},
    {"dead letters into the output", "5:22: dead_letter.topic: 'out' is sink.topic too",
     .more = "dead_letter: {topic: out}"},
    {"a rate above one",
     "5:25: dead_letter.max_rate: expected a number that a float32 can hold, from 0 to "
     "1, "
     "found '1.5'",
     .more = "dead_letter: {max_rate: 1.5}"},
    {"a port alone",
     "5:16: http.listen: expected off, or an address such as 127.0.0.1:9464 or "
     "[::1]:9464, found ':9464'",
     .more = "http: {listen: ':9464'}"},
    {"a name to listen on",
     "5:16: http.listen: expected off, or an address such as 127.0.0.1:9464 or "
     "[::1]:9464, found 'localhost:9464'",
     .more = "http: {listen: 'localhost:9464'}"},
    {"http turned off as a whole", "5:7: http: expected a map, found 'off'",
     .more = "http: off"},
    {"thresholds that are equal",
     "4:46: sink.thresholds: 'review' and 'block' are both 0.5",
     .sink = "sink: {topic: out, thresholds: {review: 0.5, block: 0.5}}"},

    /* librdkafka's properties */
    {"a property that is mistyped",
     "1:27: kafka.bootstrap.server: librdkafka has no such property; did you mean "
     "'bootstrap.servers'?",
     .kafka = "kafka: {bootstrap.server: 'h:9092'}"},
    {"a property that is unknown",
     "1:47: kafka.something.else: librdkafka has no such property",
     .kafka = "kafka: {bootstrap.servers: h, something.else: 1}"},
    {"a property in nested maps",
     "1:20: kafka.bootstrap: expected text or a number (a property's name keeps its "
     "dots), found a map",
     .kafka = "kafka: {bootstrap: {servers: 'h:9092'}}"},
    {"a property out of range",
     "1:42: kafka.linger.ms: Configuration property \"queue.buffering.max.ms\" value -5 "
     "is outside allowed range 0..900000",
     .kafka = "kafka: {bootstrap.servers: h, linger.ms: -5}"},
    {"a property that Leat owns",
     "2:42: source.kafka.group.id: this property is not yours to set: use source.group",
     .source = "source: {topics: [in], kafka: {group.id: g}}"},
    {"an alias of one that Leat owns",
     "1:31: kafka.metadata.broker.list: this property is not yours to set: use "
     "bootstrap.servers",
     .kafka = "kafka: {metadata.broker.list: h}"},
    {"acknowledgements turned off",
     "4:34: sink.kafka.acks: this property is not yours to set: Leat needs all "
     "acknowledgements",
     .sink = "sink: {topic: out, kafka: {acks: 1}}"},
    {"a plugin",
     "1:53: kafka.plugin.library.paths: this property is not yours to set: Leat loads no "
     "plugins",
     .kafka = "kafka: {bootstrap.servers: h, plugin.library.paths: x}"},
    {"a secret that is refused",
     "1:50: kafka.security.protocol: librdkafka refuses the value, which may be a secret "
     "and is not shown",
     .kafka = "kafka: {bootstrap.servers: h, security.protocol: '${LEAT_TEST_SECRET}'}"},
    {"a secret of the wrong type",
     "5:8: lanes: expected auto or a whole number, from 1 to 256, found what "
     "${LEAT_TEST_SECRET} stands for",
     .more = "lanes: ${LEAT_TEST_SECRET}"},

    /* references */
    {"a variable that is not set",
     "4:15: sink.topic: the environment variable LEAT_TEST_ABSENT is not set; set it, or "
     "write ${LEAT_TEST_ABSENT:-default}",
     .sink = "sink: {topic: '${LEAT_TEST_ABSENT}'}"},
    {"a variable that is empty",
     "4:15: sink.topic: what ${LEAT_TEST_EMPTY} stands for is no name of a topic: 1 to "
     "249 of letters, digits, '.', '_' and '-'",
     .sink = "sink: {topic: '${LEAT_TEST_EMPTY}'}"},
    {"a reference without its end",
     "4:15: sink.topic: ${LEAT_TEST: the reference has no closing brace",
     .sink = "sink: {topic: '${LEAT_TEST'}"},
    {"a reference of bad form",
     "4:15: sink.topic: ${LEAT_TEST:?no}: not a reference: write ${VAR}, "
     "${VAR:-default}, ${file:/path}, or $$ for a dollar",
     .sink = "sink: {topic: '${LEAT_TEST:?no}'}"},
    {"a secret that is absent",
     "4:15: sink.topic: ${file:/nowhere/secret}: No such file or directory",
     .sink = "sink: {topic: '${file:/nowhere/secret}'}"},
    {"a secret that is a folder", "4:15: sink.topic: ${file:/}: not a regular file",
     .sink = "sink: {topic: '${file:/}'}"},
    {"a secret without a path", "4:15: sink.topic: ${file:}: needs the path of a file",
     .sink = "sink: {topic: '${file:}'}"},

    {"a delivery that is none",
     "5:11: delivery: expected one of at_least_once, exactly_once, found 'once'",
     .more = "delivery: once"},
    {"a transaction that outlives the brokers' patience",
     "5:25: transaction.max_wait: expected a duration such as 2ms, 5s or 1h, from 1ms to "
     "5s, found '1m'",
     .more = "transaction: {max_wait: 1m}"},
    {"a window that a transaction cannot wait for",
     "6:20: window.max_wait: with delivery: exactly_once at most 2s are allowed",
     .more = "delivery: exactly_once\nwindow: {max_wait: 3s}"},
    {"a long id",
     "5:26: transaction.id_prefix: has 201 characters; at most 200 are allowed",
     .more = "transaction: {id_prefix: '" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
         TEN TEN TEN TEN TEN TEN TEN TEN "x'}"},

    /* aggregates */
    {"an aggregate of nobody",
     "5:20: aggregates.card.entity: is required: a path such as event.amount",
     .more = "aggregates: {card: {over: 1h, of: {count: {}}}}"},
    {"a window without a length",
     "5:20: aggregates.card.over: is required: a duration such as 2ms, 5s or 1h",
     .more = "aggregates: {card: {entity: key, of: {count: {}}}}"},
    {"an aggregate of nothing",
     "5:14: aggregates.card.of: is empty; write  of: {count: {}}",
     .more = "aggregates: {card: {entity: key, over: 1h, of: {}}}"},
    {"a value that is two things",
     "5:49: aggregates.card.of.a: is 2 things at once; give each a name of its own",
     .more = "aggregates: {card: {entity: key, over: 1h, of: {a: {sum: event.a, max: "
             "event.a}}}}"},
    {"an aggregate of nothing",
     "5:20: aggregates.card.of: is required: a map of names, each a map",
     .more = "aggregates: {card: {entity: key, over: 1h}}"},
    {"an aggregate without its value",
     "5:22: features.a.from: path 'card', column 5: expected '.'; write card.VALUE",
     .more = "features: {a: {from: card}}\naggregates: {card: {entity: key, over: 1h, "
             "of: {n: {}}}}"},
    {"many of what is no sequence", "5:49: aggregates.card.of.a: n goes with last alone",
     .more =
         "aggregates: {card: {entity: key, over: 1h, of: {a: {sum: event.a, n: 5}}}}"},
    {"a value that no feature reads",
     "5:49: aggregates.card.a: no feature reads it; write  from: card.a  at a feature, "
     "or "
     "remove it",
     .more = "aggregates: {card: {entity: key, over: 1h, of: {a: {}}}}"},
    {"a value that is absent",
     "6:12: features.a.from: the aggregate 'card' has no value 'b'; it has a, c",
     .more = "aggregates: {card: {entity: key, over: 1h, of: {a: {}, c: {}}}}\n"
             "features: {a: {from: card.b}}"},
    {"a lookup and an aggregate of one name",
     "6:49: aggregates: there is a lookup 'card', too; one of them needs another name",
     .more = "lookups: {card: {key: 'card:{key}'}}\n"
             "aggregates: {card: {entity: key, over: 1h, of: {a: {}}}}\n"
             "features: {a: {from: card.a}}"},
    {"an aggregate called key",
     "5:48: aggregates: 'key.a' cannot be a name: use letters, digits, '_' and '-', and "
     "none of event, candidate, key, headers, meta",
     .more = "aggregates: {key: {entity: key, over: 1h, of: {a: {}}}}"},
    {"a window that is too short",
     "5:40: aggregates.card.over: expected a duration such as 2ms, 5s or 1h, from 1s to "
     "8760h, found '1ms'",
     .more = "aggregates: {card: {entity: key, over: 1ms, of: {a: {}}}}"},

    /* ranking */
    {"a ranking of nothing",
     "5:7: rank: over is required: a path of an array, such as event.candidates",
     .more = "rank: {top: 5}"},
    {"a candidate without a ranking",
     "5:22: features.a.from: 'candidate.price' is of a candidate, and nothing is ranked; "
     "write  rank: {over: event.CANDIDATES}",
     .more = "features: {a: {from: candidate.price}}"},
    {"a key of a candidate without a ranking",
     "6:11: lookups.i.key: 'candidate' is of a candidate, and nothing is ranked; write  "
     "rank: {over: event.CANDIDATES}",
     .more = "features: {a: {from: i.price}}\nlookups: {i: {key: 'item:{candidate}'}}"},
    {"a ranking over what is no array of the payload",
     "5:14: rank.over: 'meta.topic' is not of the payload; allowed is event.NAME",
     .more = "rank: {over: meta.topic}\nfeatures: {a: {from: candidate}}"},
    {"an item that is not the candidate's",
     "5:29: rank.item: 'event.id' is not of the candidate; allowed are candidate and "
     "candidate.NAME",
     .more = "rank: {over: event.c, item: event.id}\nfeatures: {a: {from: candidate}}"},
    {"candidates with fields and no item",
     "6:7: rank: item is required, since candidates have fields ('candidate.price'): the "
     "one that names a candidate, as in  item: candidate.id, or  item: candidate  for "
     "all "
     "of it",
     .more = "features: {a: {from: candidate.price}}\nrank: {over: event.c}"},
    {"a ranking that no feature knows of",
     "6:7: rank: no feature is of the candidate, so all would get one score; write  "
     "from: "
     "candidate.NAME  at a feature, or {candidate.NAME} in the key of a lookup",
     .more = "features: {a: {from: event.a}}\nrank: {over: event.c}"},
    {"a ranking with decisions",
     "4:32: sink.thresholds: a ranking has no decision; remove them",
     .sink = "sink: {topic: out, thresholds: {block: 0.9}}",
     .more = "features: {a: {from: candidate}}\nrank: {over: event.c}"},
    {"more candidates than there may be",
     "5:28: rank.max: expected a whole number, from 1 to 10000, found '10001'",
     .more = "rank: {over: event.c, max: 10001}"},
    {"an aggregate of candidates",
     "5:26: aggregates.c.entity: 'candidate.id' is not of the event; allowed are "
     "event.NAME, "
     "key, headers.NAME, meta.topic and such",
     .more = "aggregates: {c: {entity: candidate.id, over: 1h, of: {n: {}}}}"},
    {"a candidate in the prediction",
     "4:30: sink.include: 'candidate.id' is not of the event; allowed are event.NAME, "
     "key, "
     "headers.NAME, meta.topic and such",
     .sink = "sink: {topic: out, include: [candidate.id]}"},
    {"a lookup called candidate",
     "5:11: lookups: 'candidate' cannot be a name: use letters, digits, '_' and '-', and "
     "none of event, candidate, key, headers, meta",
     .more = "lookups: {candidate: {key: 'i:{event.id}'}}"},

    /* parts that are not built yet */
};

enum { N_MISTAKES = sizeof mistakes / sizeof mistakes[0] };

static const char *line(const char *own, const char *good)
{
    return own ? own : good;
}

static void test_mistake(void **state)
{
    const struct mistake *mistake = *state;
    char text[4096];
    if (mistake->whole)
        snprintf(text, sizeof text, "%s", mistake->whole);
    else
        snprintf(text, sizeof text, "%s\n%s\n%s\n%s\n%s\n",
                 line(mistake->kafka, "kafka: {bootstrap.servers: 'localhost:9092'}"),
                 line(mistake->source, "source: {topics: [in]}"),
                 line(mistake->model, "model: {path: m.ubj}"),
                 line(mistake->sink, "sink: {topic: out}"), line(mistake->more, ""));
    leat_config *config;
    leat_error error = {0};
    leat_status status =
        leat_config_parse(&config, "leat.yaml", text, strlen(text), &error);
    leat_config_free(config);
    assert_int_equal(strncmp(error.msg, "leat.yaml:", 10), 0);
    assert_string_equal(error.msg + 10, mistake->message);
    assert_int_equal(status, mistake->status ? mistake->status : LEAT_E_CONFIG);
    assert_null(config);
}

int main(void)
{
    setenv("LEAT_TEST_SECRET", "hunter2", 1);
    setenv("LEAT_TEST_EMPTY", "", 1);
    unsetenv("LEAT_TEST_ABSENT");
    struct CMUnitTest tests[N_MISTAKES];
    for (size_t i = 0; i < N_MISTAKES; i++)
        tests[i] = (struct CMUnitTest){
            .name = mistakes[i].name,
            .test_func = test_mistake,
            .initial_state = (void *)(uintptr_t)&mistakes[i],
        };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
