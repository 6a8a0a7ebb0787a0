/* Whom a signal is for: the texts of uwsgi.register_signal. */
#ifndef WM_CONFIG_SIGNAL_TARGET_H
#define WM_CONFIG_SIGNAL_TARGET_H

struct config;

enum signal_target_kind {
	TARGET_ANY_WORKER,	/* "", worker, worker0 */
	TARGET_WORKERS,		/* workers, active-workers */
	TARGET_WORKER,		/* workerN */
	TARGET_ANY_MULE,	/* mule, mule0 */
	TARGET_MULES,
	TARGET_MULE,		/* muleN */
	TARGET_FARM,		/* farm_NAME, farmN: one mule of it */
	TARGET_SPOOLER
};

struct signal_target {
	enum signal_target_kind	 kind;
	int			 number;	/* of a worker, mule or farm */
};

/* Reads one; NULL, or what is wrong with it. A farm is looked for in cfg. */
const char *signal_target_parse(struct signal_target *target, const char *text,
	    const struct config *cfg);
/* What it needs and that configuration has not; NULL: nothing. */
const char *signal_target_missing(const struct signal_target *target,
	    const struct config *cfg);

#endif
