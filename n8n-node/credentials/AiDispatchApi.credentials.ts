import type {
	IAuthenticateGeneric,
	Icon,
	ICredentialTestRequest,
	ICredentialType,
	INodeProperties,
} from 'n8n-workflow';

/** Where a sidecar listens and the token it knows the caller by. */
export class AiDispatchApi implements ICredentialType {
	name = 'aiDispatchApi';

	displayName = 'AI Dispatch API';

	icon: Icon = { light: 'file:../icons/dispatch.svg', dark: 'file:../icons/dispatch.dark.svg' };

	documentationUrl =
		'https://github.com/ai-dispatch/ai-dispatch/blob/main/n8n-node/README.md#credential';

	properties: INodeProperties[] = [
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: 'http://127.0.0.1:3000',
			required: true,
			placeholder: 'e.g. http://ai-dispatch:3000',
			description:
				'Where the AI Dispatch sidecar listens. When n8n runs in Docker, use the service name of the sidecar instead of localhost.',
		},
		{
			displayName: 'Token',
			name: 'token',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			description:
				'The token the sidecar prints when it starts; it is also in the file dispatch.token of its data folder',
		},
	];

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: { headers: { Authorization: '=Bearer {{$credentials.token}}' } },
	};

	/** Asks for something that needs the token, so that a wrong one fails here and not in a workflow. */
	test: ICredentialTestRequest = {
		request: { baseURL: '={{$credentials.baseUrl.replace(/\\/+$/, "")}}', url: '/api/models' },
	};
}
