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

static leat_status print_value(line *out, const leat_file *file, leat_slice value,
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
    if (fflush(out->file) || ferror(out->file))
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    fwrite(out->text, 1, out->size, stdout);
    return LEAT_OK;
}

static leat_status print_values(line *out, leat_file *file, leat_error *error)
{
    leat_status status;
    leat_slice value;
    uint64_t position;
    while ((status = leat_file_next(file, &value, &position, error)) == LEAT_OK) {
        status = print_value(out, file, value, position, error);
        if (status != LEAT_OK || ferror(stdout))
            break;
    }
    return status;
}

/* A reader that went away (`| head`) has what it wanted. */
static leat_status close_output(leat_status status, leat_error *error)
{
    errno = 0;
    if (!fflush(stdout) && !ferror(stdout))
        return status;
    if (errno == EPIPE)
        return LEAT_OK;
    return leat_error_set(error, LEAT_E_IO, "standard output: %s", strerror(errno));
}

static int decode(const char *path)
{
    leat_error error;
    leat_file *file;
    if (leat_file_open(&file, path, &error) != LEAT_OK)
        return leat_complain(&error);
    setvbuf(stdout, NULL, _IOLBF, 0); /* a pipe that still flows is read along */
    line out = {0};
    out.file = open_memstream(&out.text, &out.size);
    leat_status status = LEAT_E_MEMORY;
    if (out.file) {
        status = close_output(print_values(&out, file, &error), &error);
        fclose(out.file);
    } else {
        leat_error_set(&error, status, "out of memory");
    }
    free(out.text);
    leat_file_close(file);
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
