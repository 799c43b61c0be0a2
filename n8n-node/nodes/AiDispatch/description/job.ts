import type { IDisplayOptions, INodeProperties } from 'n8n-workflow';

const displayOptions: IDisplayOptions = { show: { operation: ['get'] } };

/** Which job is looked at. */
export const job: INodeProperties[] = [
	{
		displayName: 'Job ID',
		name: 'jobId',
		type: 'string',
		default: '={{ $json.job_id }}',
		required: true,
		placeholder: "e.g. {{ $('Submit a job').item.json.job_id }}",
		description: 'Which job: the job_id of the item that Submit a Job gave',
		displayOptions,
	},
	{
		displayName: 'Wait',
		name: 'wait',
		type: 'number',
		typeOptions: { minValue: 0, maxValue: 25 },
		default: 0,
		description:
			'Seconds to wait for its end, up to 25. If it is not finished by then, the item says how far it is.',
		displayOptions,
	},
];
