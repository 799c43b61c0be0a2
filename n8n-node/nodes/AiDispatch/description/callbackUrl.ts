import type { INodeProperties } from 'n8n-workflow';

/** Who is told when a job is finished. */
export const callbackUrl: INodeProperties = {
	displayName: 'Callback URL',
	name: 'callbackUrl',
	type: 'string',
	default: '',
	placeholder: 'e.g. {{ $execution.resumeUrl }}',
	description:
		'Where the finished job is sent with POST, such as the resume URL of a Wait node behind this one. The sidecar must allow its host in AI_DISPATCH_CALLBACK_HOSTS.',
	displayOptions: { show: { operation: ['submit'] } },
};
