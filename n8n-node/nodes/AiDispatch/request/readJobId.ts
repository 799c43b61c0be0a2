import { UserError } from 'n8n-workflow';

/** The id of a job, refused when there is none. */
export function readJobId(value: unknown): string {
	const id = String(value ?? '').trim();
	if (id !== '') return id;
	throw new UserError("'Job ID' is empty", {
		description:
			"Give the job_id that Submit a Job gave, such as {{ $('Submit a job').item.json.job_id }}. The expression gave nothing for this item.",
	});
}
