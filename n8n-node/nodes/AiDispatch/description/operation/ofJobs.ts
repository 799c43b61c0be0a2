import type { INodeProperties } from 'n8n-workflow';

/** What can be done with a job. */
export const ofJobs: INodeProperties = {
	displayName: 'Operation',
	name: 'operation',
	type: 'options',
	noDataExpression: true,
	displayOptions: { show: { resource: ['job'] } },
	options: [
		{
			name: 'Get a Job',
			value: 'get',
			description: 'Say how far a job is, with its answer when there is one',
			action: 'Get a job',
		},
		{
			name: 'Submit a Job',
			value: 'submit',
			description: 'Hand in a prompt and go on at once; it is answered meanwhile',
			action: 'Submit a job',
		},
	],
	default: 'submit',
};
