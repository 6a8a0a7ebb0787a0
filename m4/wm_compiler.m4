# How the sources are compiled: warnings, sanitizers, fuzzers.

# WM_COMPILER_FLAGS: sets WM_CFLAGS, for every object of ours, and WM_LDFLAGS,
# for every program: what the loader fills in is read-only afterwards.
AC_DEFUN([WM_COMPILER_FLAGS], [
AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror],
	[make compiler warnings errors])], [], [enable_werror=no])
WM_CFLAGS="-std=gnu11 -Wall -Wextra -fvisibility=hidden"
AS_IF([test "x$enable_werror" = xyes], [WM_CFLAGS="$WM_CFLAGS -Werror"])
AC_SUBST([WM_CFLAGS])
WM_LDFLAGS=
WM_TRY_FLAGS([WM_LDFLAGS], [-Wl,-z,relro,-z,now])
AC_SUBST([WM_LDFLAGS])
])

# WM_TRY_FLAGS(VARIABLE, FLAGS): adds FLAGS to VARIABLE if CC links with them.
AC_DEFUN([WM_TRY_FLAGS], [
AC_MSG_CHECKING([whether $CC takes $2])
wm_save_CFLAGS="$CFLAGS"
CFLAGS="$CFLAGS $$1 $2 -Werror"
AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
	[wm_flags_work=yes], [wm_flags_work=no])
CFLAGS="$wm_save_CFLAGS"
AC_MSG_RESULT([$wm_flags_work])
AS_IF([test $wm_flags_work = yes], [$1="$$1 $2"])
])

# WM_LTO: --enable-lto, into WM_LTO_CFLAGS. The objects hold machine code too,
# which is what the unit tests are linked with: WM_NO_LTO is for them.
AC_DEFUN([WM_LTO], [
AC_ARG_ENABLE([lto], [AS_HELP_STRING([--disable-lto],
	[link without optimizing the program as a whole])],
	[], [enable_lto=auto])
WM_LTO_CFLAGS= WM_NO_LTO=
AS_IF([test "x$enable_lto" = xauto && test "x$enable_sanitizers" = xyes],
	[enable_lto=no])
AS_IF([test "x$enable_lto" != xno], [
	WM_TRY_FLAGS([WM_LTO_CFLAGS], [-flto=auto -ffat-lto-objects])
	AS_IF([test $wm_flags_work = yes],
		[enable_lto=yes
		WM_NO_LTO=-fno-lto],
		[test "x$enable_lto" = xyes],
		[AC_MSG_ERROR([$CC does not take --enable-lto])],
		[enable_lto=no])
])
AC_SUBST([WM_LTO_CFLAGS])
AC_SUBST([WM_NO_LTO])
])

# WM_SANITIZERS: --enable-sanitizers, into WM_SANITIZE_CFLAGS.
#
# greenlet moves stacks about with memcpy: marks that AddressSanitizer sets
# around variables on the stack are then another stack's, so it must not set
# them. --without-greenlet has them.
#
# CPython's headers have assertions in them, some of them on the path of each
# request: WM_CPPFLAGS leaves them out, as CPython's own build of extensions
# does, but for such a build.
AC_DEFUN([WM_SANITIZERS], [
AC_ARG_ENABLE([sanitizers], [AS_HELP_STRING([--enable-sanitizers],
	[build with AddressSanitizer and UndefinedBehaviorSanitizer])],
	[], [enable_sanitizers=no])
AS_CASE([$enable_sanitizers], [yes | no], [],
	[AC_MSG_ERROR([--enable-sanitizers takes no value but yes and no])])
WM_SANITIZE_CFLAGS=
WM_CPPFLAGS=-DNDEBUG
AS_IF([test "x$enable_sanitizers" = xyes], [
	WM_CPPFLAGS=
	WM_TRY_FLAGS([WM_SANITIZE_CFLAGS], [-fsanitize=address,undefined])
	AS_IF([test $wm_flags_work = no], [AC_MSG_ERROR([$CC cannot link ]dnl
[with sanitizers (for clang: Debian's libclang-rt-dev)])])
	WM_SANITIZE_CFLAGS="$WM_SANITIZE_CFLAGS -fno-omit-frame-pointer"
	WM_SANITIZE_CFLAGS="$WM_SANITIZE_CFLAGS -fno-sanitize-recover=undefined"
	AS_IF([test "x$with_greenlet" != xno], [
		WM_TRY_FLAGS([WM_SANITIZE_CFLAGS], [--param asan-stack=0])
		AS_IF([test $wm_flags_work = no],
			[WM_TRY_FLAGS([WM_SANITIZE_CFLAGS],
				[-mllvm -asan-stack=0])])
	])
])
AC_SUBST([WM_SANITIZE_CFLAGS])
AC_SUBST([WM_CPPFLAGS])
AC_SUBST([enable_sanitizers])
])

# WM_FUZZERS: --enable-fuzzers links test/fuzz with libFuzzer (clang only);
# otherwise each fuzzer gets a main() that runs it on files.
AC_DEFUN([WM_FUZZERS], [
AC_ARG_ENABLE([fuzzers], [AS_HELP_STRING([--enable-fuzzers],
	[link the fuzzers of test/fuzz with clang's libFuzzer])],
	[], [enable_fuzzers=no])
WM_FUZZ_LDFLAGS=
AS_IF([test "x$enable_fuzzers" = xyes], [
	WM_TRY_FLAGS([WM_SANITIZE_CFLAGS], [-fsanitize=fuzzer-no-link])
	AS_IF([test $wm_flags_work = no], [AC_MSG_ERROR([$CC has no ]dnl
[libFuzzer (use CC=clang, with Debian's libclang-rt-dev)])])
	WM_FUZZ_LDFLAGS="-fsanitize=fuzzer"
])
AM_CONDITIONAL([WM_LIBFUZZER], [test "x$enable_fuzzers" = xyes])
AC_SUBST([WM_FUZZ_LDFLAGS])
])
