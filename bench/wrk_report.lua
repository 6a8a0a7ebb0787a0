-- Called by bench/run: wrk -s wrk_report.lua URL -- [METHOD BODYSIZE]
-- Prints one line for a program when the run is over; nothing per request.
function init(args)
	if args[1] then
		wrk.method = args[1]
		wrk.body = string.rep("a", tonumber(args[2]))
		wrk.headers["Content-Type"] = "application/octet-stream"
	end
end

function done(summary, latency, requests)
	local e = summary.errors
	io.write(string.format(
		"BENCH requests=%d duration_us=%d bytes=%d p50_us=%d p99_us=%d "
		.. "connect=%d read=%d write=%d status=%d timeout=%d\n",
		summary.requests, summary.duration, summary.bytes,
		latency:percentile(50), latency:percentile(99),
		e.connect, e.read, e.write, e.status, e.timeout))
end
