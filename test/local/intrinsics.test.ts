// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of CloudFormation look like those of JavaScript.
import fc from 'fast-check';
import { type AssemblyStack, resourcesOf } from '../../lib/local/assembly.js';
import { Resolver } from '../../lib/local/intrinsics.js';

function stack(name: string, template: Readonly<Record<string, unknown>> = {}, region = 'eu-west-1'): AssemblyStack {
  return { name, artifactId: name, region, template, assets: new Map(), images: new Map() };
}

/** Resolves a value in a stack of its own, beside other stacks. */
function resolve(
  value: unknown,
  template: Readonly<Record<string, unknown>> = {},
  others: AssemblyStack[] = [],
): unknown {
  const own = stack('Web', template);
  return new Resolver([own, ...others], new Map([['Web/Url', 'http://localhost:1/']])).resolve(own, value);
}

const TABLE = { Type: 'AWS::DynamoDB::GlobalTable', Properties: {} };
const FUNCTION = { Type: 'AWS::Lambda::Function', Properties: {} };

describe('Ref', () => {
  test.each([
    ['AWS::AccountId', '000000000000'],
    ['AWS::Region', 'eu-west-1'],
    ['AWS::Partition', 'aws'],
    ['AWS::URLSuffix', 'amazonaws.com'],
    ['AWS::StackName', 'Web'],
  ])('of the pseudo parameter %s', (name, expected) => {
    expect(resolve({ Ref: name })).toBe(expected);
  });

  test('of a parameter gives its default', () => {
    const Parameters = { Size: { Type: 'Number', Default: 3 }, Zones: { Type: 'CommaDelimitedList', Default: 'a,b' } };
    expect(resolve([{ Ref: 'Size' }, { Ref: 'Zones' }], { Parameters })).toEqual([3, ['a', 'b']]);
  });

  test('of a resource gives the physical name that the template sets, or one that is the same in every run', () => {
    const Resources = { T: TABLE, N: { ...TABLE, Properties: { TableName: { 'Fn::Sub': '${AWS::StackName}-mine' } } } };
    expect(resolve([{ Ref: 'T' }, { Ref: 'N' }], { Resources })).toEqual(['Web-T', 'Web-mine']);
  });

  test('of what CloudFormation refers to by ARN gives the ARN', () => {
    const Resources = {
      Fn: FUNCTION,
      Live: { Type: 'AWS::Lambda::Alias', Properties: { FunctionName: { Ref: 'Fn' }, Name: 'live' } },
      Group: { Type: 'AWS::ElasticLoadBalancingV2::TargetGroup', Properties: {} },
    };
    expect(resolve([{ Ref: 'Live' }, { Ref: 'Group' }], { Resources })).toEqual([
      'arn:aws:lambda:eu-west-1:000000000000:function:Web-Fn:live',
      'arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/Web-Group',
    ]);
  });

  test('of AWS::NoValue removes the property, the item, or everything', () => {
    expect(resolve({ a: { Ref: 'AWS::NoValue' }, b: [1, { Ref: 'AWS::NoValue' }, 2] })).toEqual({ b: [1, 2] });
    expect(resolve({ Ref: 'AWS::NoValue' })).toBeUndefined();
  });
});

describe('Fn::GetAtt', () => {
  test('gives ARNs, and addresses of what runs', () => {
    const Resources = { T: TABLE, Url: { Type: 'AWS::Lambda::Url', Properties: { TargetFunctionArn: 'web' } } };
    expect(resolve({ 'Fn::GetAtt': ['T', 'Arn'] }, { Resources })).toBe(
      'arn:aws:dynamodb:eu-west-1:000000000000:table/Web-T',
    );
    expect(resolve({ 'Fn::GetAtt': 'Url.FunctionUrl' }, { Resources })).toBe('http://localhost:1/');
  });

  test('fails for what only a deployment would know, naming it', () => {
    const Resources = { Q: { Type: 'AWS::SQS::Queue', Properties: {} } };
    expect(() => resolve({ 'Fn::GetAtt': ['Q', 'QueueUrl'] }, { Resources })).toThrow(
      'stack Web: the attribute QueueUrl of Q (AWS::SQS::Queue) has no value on this machine',
    );
  });
});

describe('Fn::Sub', () => {
  test('fills in references, attributes and names of its own, and leaves what is escaped', () => {
    const Resources = { T: TABLE };
    const text = '${AWS::Region}|${T}|${T.Arn}|${own}|${!Literal}|$notOne|${ T }';
    expect(resolve({ 'Fn::Sub': [text, { own: { 'Fn::Join': ['-', ['a', 1]] } }] }, { Resources })).toBe(
      'eu-west-1|Web-T|arn:aws:dynamodb:eu-west-1:000000000000:table/Web-T|a-1|${Literal}|$notOne|Web-T',
    );
  });
});

describe('conditions', () => {
  const Conditions = {
    InEurope: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-west-1'] },
    NotInEurope: { 'Fn::Not': [{ Condition: 'InEurope' }] },
    Both: { 'Fn::And': [{ Condition: 'InEurope' }, { Condition: 'NotInEurope' }] },
    Either: { 'Fn::Or': [{ Condition: 'InEurope' }, { Condition: 'NotInEurope' }] },
    Itself: { 'Fn::Not': [{ Condition: 'Itself' }] },
  };

  test.each([
    ['InEurope', true],
    ['NotInEurope', false],
    ['Both', false],
    ['Either', true],
  ])('%s is %s', (name, expected) => {
    expect(resolve({ 'Fn::If': [name, 'yes', 'no'] }, { Conditions })).toBe(expected ? 'yes' : 'no');
  });

  test('only the branch that holds is resolved', () => {
    expect(resolve({ 'Fn::If': ['InEurope', 'yes', { Ref: 'Missing' }] }, { Conditions })).toBe('yes');
  });

  test('decide whether a resource exists', () => {
    const Resources = { A: { Type: 'T', Condition: 'InEurope' }, B: { Type: 'T', Condition: 'NotInEurope' } };
    const own = stack('Web', { Conditions, Resources });
    const resolver = new Resolver([own], new Map());
    expect(resourcesOf(own).map((resource) => resolver.exists(resource))).toEqual([true, false]);
  });

  test('fails for one that depends on itself', () => {
    expect(() => resolve({ 'Fn::If': ['Itself', 1, 2] }, { Conditions })).toThrow(
      'stack Web: condition Itself depends on itself',
    );
  });
});

describe('across stacks', () => {
  const producer = stack('Data', {
    Resources: { T: TABLE },
    Outputs: {
      Name: { Value: { Ref: 'T' }, Export: { Name: { 'Fn::Sub': '${AWS::StackName}:Name' } } },
      Loop: { Value: { 'Fn::GetStackOutput': { StackName: 'Data', OutputName: 'Loop' } } },
    },
  });

  test('Fn::ImportValue finds an export', () => {
    expect(resolve({ 'Fn::ImportValue': 'Data:Name' }, {}, [producer])).toBe('Data-T');
  });

  test.each(['Data', 'arn:aws:cloudformation:eu-west-1:000000000000:stack/Data/local'])(
    'Fn::GetStackOutput finds an output of the stack %s',
    (StackName) => {
      expect(resolve({ 'Fn::GetStackOutput': { StackName, OutputName: 'Name' } }, {}, [producer])).toBe('Data-T');
    },
  );

  test('fails for an export, an output or a stack that is not there', () => {
    expect(() => resolve({ 'Fn::ImportValue': 'X' }, {}, [producer])).toThrow('no stack of the assembly exports X');
    const missing = { 'Fn::GetStackOutput': { StackName: 'Gone', OutputName: 'Name' } };
    expect(() => resolve(missing, {}, [producer])).toThrow('no stack Gone with an output Name is in the assembly');
  });

  test('fails for an output that depends on itself', () => {
    const looping = { 'Fn::GetStackOutput': { StackName: 'Data', OutputName: 'Loop' } };
    expect(() => resolve(looping, {}, [producer])).toThrow('stack Data: output Loop depends on itself');
  });
});

describe('the other functions', () => {
  test.each<[string, unknown, unknown]>([
    ['Fn::Join of a list that is made', { 'Fn::Join': ['/', { 'Fn::Split': [',', 'a,b'] }] }, 'a/b'],
    ['Fn::Select', { 'Fn::Select': ['1', ['a', 'b']] }, 'b'],
    ['Fn::Base64', { 'Fn::Base64': 'hello' }, 'aGVsbG8='],
    ['Fn::GetAZs', { 'Fn::GetAZs': '' }, ['eu-west-1a', 'eu-west-1b', 'eu-west-1c']],
    ['Fn::Length', { 'Fn::Length': [1, 2] }, 2],
    ['Fn::ToJsonString', { 'Fn::ToJsonString': { a: { Ref: 'AWS::Region' } } }, '{"a":"eu-west-1"}'],
    ['Fn::FindInMap', { 'Fn::FindInMap': ['M', { Ref: 'AWS::Region' }, 'k'] }, 'v'],
    ['Fn::FindInMap with a default', { 'Fn::FindInMap': ['M', 'nowhere', 'k', { DefaultValue: 'd' }] }, 'd'],
  ])('%s', (_, value, expected) => {
    expect(resolve(value, { Mappings: { M: { 'eu-west-1': { k: 'v' } } } })).toEqual(expected);
  });

  test.each<[unknown, string]>([
    [{ 'Fn::Cidr': ['10.0.0.0/16', 2, 8] }, 'Fn::Cidr is not supported'],
    [{ 'Fn::Select': [5, ['a']] }, 'Fn::Select asks for item 5 of a list of 1'],
    [{ 'Fn::FindInMap': ['M', 'a', 'b'] }, 'Fn::FindInMap finds no M.a.b'],
    [{ 'Fn::Join': [',', 'text'] }, 'Fn::Join needs a list, received "text"'],
    [{ 'Fn::Sub': { a: 1 } }, 'Fn::Sub needs text, received {"a":1}'],
    [{ Ref: 'Missing' }, 'there is no resource or parameter Missing'],
    ['{{resolve:ssm:/a}}', 'the dynamic reference {{resolve:ssm:/a}} has no value on this machine'],
  ])('fails for %j, saying why', (value, message) => {
    expect(() => resolve(value)).toThrow(`stack Web: ${message}`);
  });

  test('fails for a parameter without a value', () => {
    const Parameters = { P: { Type: 'String' } };
    expect(() => resolve({ Ref: 'P' }, { Parameters })).toThrow(
      'stack Web: the parameter P has no value on this machine: give it a default',
    );
  });
});

describe('properties', () => {
  const json = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('{{resolve:'));

  test('what has no intrinsic function stays as it is', () => {
    fc.assert(fc.property(json, (value) => expect(resolve(value)).toEqual(value)));
  });

  test('what is split and joined again is the same text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (text, delimiter) => {
        fc.pre(!text.includes('{{resolve:') && !delimiter.includes('{{resolve:'));
        expect(resolve({ 'Fn::Join': [delimiter, { 'Fn::Split': [delimiter, text] }] })).toBe(text);
      }),
    );
  });

  test('Fn::Sub puts any text in unchanged, placeholders in it included', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('{{resolve:'));
        expect(resolve({ 'Fn::Sub': ['<${x}>', { x: text }] })).toBe(`<${text}>`);
      }),
    );
    expect(resolve({ 'Fn::Sub': ['<${x}>', { x: '${AWS::Region} $&' }] })).toBe('<${AWS::Region} $&>');
  });

  test('the order of the stacks does not matter', () => {
    const stacks = ['A', 'B', 'C', 'D'].map((name, index, names) =>
      stack(name, {
        Outputs: {
          O: {
            Value: index === 0 ? 'end' : { 'Fn::Join': ['', [name, { 'Fn::ImportValue': `${names[index - 1]}:O` }]] },
            Export: { Name: `${name}:O` },
          },
        },
      }),
    );
    fc.assert(
      fc.property(fc.shuffledSubarray(stacks, { minLength: 4 }), (shuffled) => {
        expect(resolve({ 'Fn::ImportValue': 'D:O' }, {}, shuffled)).toBe('DCBend');
      }),
    );
  });
});

test('a name that would be too long for its type is shortened and stays distinct', () => {
  const long = 'F'.repeat(80);
  const [one, other] = [`${long}1`, `${long}2`].map((id) =>
    String(resolve({ Ref: id }, { Resources: { [id]: FUNCTION } })),
  );
  expect(one).toHaveLength(64);
  expect(one).not.toBe(other);
});
