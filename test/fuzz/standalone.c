/* Gives a fuzzer a main() without libFuzzer: runs it on each file named. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int	 LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Runs the fuzzer once, on a block of just the file's size so that the
 * sanitizer sees a read past the end; 0, or -1 when it cannot be read.
 */
static int
run_file(const char *path)
{
	struct stat	 st;
	FILE		*f;
	uint8_t		*data = NULL;
	size_t		 size;
	int		 ret = -1;

	f = fopen(path, "rb");
	if (f == NULL)
		return -1;
	if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode))
		goto out;
	size = (size_t)st.st_size;
	data = malloc(size == 0 ? 1 : size);
	if (data == NULL || fread(data, 1, size, f) != size)
		goto out;
	LLVMFuzzerTestOneInput(data, size);
	ret = 0;
out:
	free(data);
	fclose(f);
	return ret;
}

/* Runs every file; a fuzzer that finds something ends the process itself. */
int
main(int argc, char **argv)
{
	int	 i, failed = 0;

	for (i = 1; i < argc; i++) {
		if (run_file(argv[i]) != 0) {
			fprintf(stderr, "%s: cannot be read\n", argv[i]);
			failed = 1;
		}
	}
	return failed;
}
