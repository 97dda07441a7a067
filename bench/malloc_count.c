/* bench/malloc_count.c: who calls malloc, counted while a program runs.
 *
 * Preloaded (LD_PRELOAD), it stands before libc's allocator. A call counts as the
 * program's own when it returns into the text of the executable, where all of Leat's
 * libraries are linked in; librdkafka, hiredis and the rest are the others. strdup and
 * strndup are here as well, since libc's would call malloc from libc.
 *
 * The counts stand in a file, LEAT_MALLOC_COUNTS, that another process may read at any
 * time: a `counts` as below, in the machine's byte order. Addresses are those of
 * addr2line.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { N_SITES = 1024 };

typedef struct site {
    _Atomic uint64_t address; /* 0: free */
    _Atomic uint64_t calls;
} site;

typedef struct counts {
    _Atomic uint64_t own;
    _Atomic uint64_t others;
    site sites[N_SITES]; /* of own calls; a hash table */
} counts;

/* What libc keeps its allocator reachable under. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *at, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static uintptr_t base, text_start, text_end;
static counts *shared; /* NULL: not counting yet */

static int find_text(struct dl_phdr_info *object, size_t size, void *opaque)
{
    (void)size;
    (void)opaque;
    base = object->dlpi_addr;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
            continue;
        text_start = base + part->p_vaddr;
        text_end = text_start + part->p_memsz;
    }
    return 1; /* the executable comes first; the others do not matter */
}

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("LEAT_MALLOC_COUNTS");
    int fd = path ? open(path, O_RDWR | O_CREAT, 0600) : -1;
    if (fd < 0)
        return;
    void *at = MAP_FAILED;
    if (!ftruncate(fd, sizeof *shared))
        at = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    dl_iterate_phdr(find_text, NULL);
    if (at != MAP_FAILED)
        shared = at;
}

/* A full table loses the place, not the count. */
static void count_site(uint64_t address)
{
    for (uint64_t i = 0; i < N_SITES; i++) {
        site *at = &shared->sites[(address * 31 + i) % N_SITES];
        uint64_t found = 0;
        if (!atomic_compare_exchange_strong(&at->address, &found, address) &&
            found != address)
            continue;
        atomic_fetch_add(&at->calls, 1);
        return;
    }
}

static void count(const void *caller)
{
    if (!shared)
        return;
    uintptr_t address = (uintptr_t)caller;
    if (address < text_start || address >= text_end) {
        atomic_fetch_add(&shared->others, 1);
        return;
    }
    atomic_fetch_add(&shared->own, 1);
    count_site(address - base);
}

#define COUNT_CALLER() count(__builtin_return_address(0))

void *malloc(size_t size)
{
    COUNT_CALLER();
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    COUNT_CALLER();
    return __libc_calloc(n, size);
}

void *realloc(void *at, size_t size)
{
    COUNT_CALLER();
    return __libc_realloc(at, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    COUNT_CALLER();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **at, size_t alignment, size_t size)
{
    COUNT_CALLER();
    *at = __libc_memalign(alignment, size);
    return *at ? 0 : ENOMEM;
}

char *strndup(const char *text, size_t most)
{
    COUNT_CALLER();
    size_t size = strnlen(text, most);
    char *copy = __libc_malloc(size + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

char *strdup(const char *text)
{
    COUNT_CALLER();
    size_t size = strlen(text) + 1;
    char *copy = __libc_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}
