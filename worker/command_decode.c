/* leat decode: msgpack payloads as JSON lines. */
#include "worker/commands.h"

#include "consumers/file.h"
#include "worker/json_text.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <sysexits.h>

static const char usage[] =
    "usage: leat decode FILE|-\n"
    "\n"
    "Shows msgpack payloads, one behind the other in FILE or standard input, as JSON\n"
    "lines. What JSON lacks is tagged: {\"$bin\": base64}, {\"$time\": [s, ns]},\n"
    "{\"$float\": \"nan\"}, {\"$ext\": type, \"data\": base64}, and\n"
    "{\"$map\": [[key, value], ...]} where a key is not text. A malformed payload ends\n"
    "it with exit code 65 and the byte's position.\n"
    "\n"
    "  -h, --help  show this\n";

/* A line that is made in memory first: what fails halfway leaves nothing behind. */
typedef struct line {
    FILE *file;
    char *text;
    size_t size;
} line;

static leat_status make_line(line *out, const leat_file *file, leat_slice value,
                             uint64_t position, leat_error *error)
{
    leat_cursor cursor = leat_cursor_over(value);
    rewind(out->file);
    leat_status status = leat_json_write(out->file, &cursor);
    if (status != LEAT_OK) {
        leat_msgpack_explain(&cursor, position, status, error);
        return leat_error_prefix(error, "%s: ", leat_file_name(file));
    }
    putc('\n', out->file);
    if (fflush(out->file))
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    return LEAT_OK;
}

/* Each line goes out at once, so that a pipe that flows can be watched. A reader that went
 * away (`| head`) has what it wanted: END. */
static leat_status print_line(const line *out, leat_error *error)
{
    if (fwrite(out->text, 1, out->size, stdout) == out->size && !fflush(stdout))
        return LEAT_OK;
    if (errno == EPIPE)
        return LEAT_END;
    return leat_error_set(error, LEAT_E_IO, "standard output: %s", strerror(errno));
}

static leat_status print_values(leat_file *file, leat_error *error)
{
    line out = {0};
    out.file = open_memstream(&out.text, &out.size);
    if (!out.file)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    leat_status status;
    do {
        leat_slice value;
        uint64_t position;
        status = leat_file_next(file, &value, &position, error);
        if (status == LEAT_OK)
            status = make_line(&out, file, value, position, error);
        if (status == LEAT_OK)
            status = print_line(&out, error);
    } while (status == LEAT_OK);
    fclose(out.file);
    free(out.text);
    return status;
}

static int decode(const char *path)
{
    leat_error error;
    leat_file *file;
    leat_status status = leat_file_open(&file, path, LEAT_PAYLOAD_MSGPACK, &error);
    if (status == LEAT_OK) {
        status = print_values(file, &error);
        leat_file_close(file);
    }
    return status < LEAT_OK ? leat_complain(&error) : EX_OK;
}

int leat_command_decode(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        fputs(usage, option == 'h' ? stdout : stderr);
        return option == 'h' ? EX_OK : EX_USAGE;
    }
    if (optind != argc - 1) {
        fputs(usage, stderr);
        return EX_USAGE;
    }
    return decode(argv[optind]);
}
