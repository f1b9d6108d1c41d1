// SPDX-License-Identifier: Apache-2.0

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

import org.openmuc.jdlms.AccessResultCode;
import org.openmuc.jdlms.AttributeAddress;
import org.openmuc.jdlms.AuthenticationMechanism;
import org.openmuc.jdlms.DlmsConnection;
import org.openmuc.jdlms.GetResult;
import org.openmuc.jdlms.MethodParameter;
import org.openmuc.jdlms.MethodResult;
import org.openmuc.jdlms.SecuritySuite;
import org.openmuc.jdlms.SelectiveAccessDescription;
import org.openmuc.jdlms.SetParameter;
import org.openmuc.jdlms.TcpConnectionBuilder;
import org.openmuc.jdlms.datatypes.BitString;
import org.openmuc.jdlms.datatypes.DataObject;

/**
 * A client whose protocol is jDLMS: one association, and the services that are asked for on standard input.
 *
 * <p>JdlmsReader wrapper|hdlc PORT CLIENT LOWER [PASSWORD], then lines of
 *
 * <pre>
 * get CLASS OBIS ATTRIBUTE[@FROM:TO] ...   one, or several with a list; with entries FROM to TO of a profile
 * set CLASS OBIS ATTRIBUTE VALUE ...       one, or several with a list
 * copy CLASS OBIS ATTRIBUTE                reads, and writes what was read
 * call CLASS OBIS METHOD VALUE             runs a method
 * </pre>
 *
 * <p>A VALUE is TYPE=TEXT with a type of {@link #value}. Each line is answered by one: the results, parted by blanks.
 */
public final class JdlmsReader {
    private JdlmsReader() {}

    private static DataObject value(String text) {
        String[] parts = text.split("=", 2);
        switch (parts[0]) {
            case "i8":
                return DataObject.newInteger8Data(Byte.parseByte(parts[1]));
            case "i16":
                return DataObject.newInteger16Data(Short.parseShort(parts[1]));
            case "u16":
                return DataObject.newUInteger16Data(Integer.parseInt(parts[1]));
            case "text":
                return DataObject.newOctetStringData(parts[1].getBytes(StandardCharsets.US_ASCII));
            default:
                throw new IllegalArgumentException("no such type: " + parts[0]);
        }
    }

    private static String hex(byte[] octets) {
        StringBuilder text = new StringBuilder();
        for (byte octet : octets) {
            text.append(String.format("%02x", octet));
        }
        return text.toString();
    }

    /** A value as text without blanks: [..] array, (..) structure, hexadecimal octets, numbers, null. */
    private static String show(DataObject data) {
        if (data.isNull()) {
            return "null";
        }
        if (data.isComplex()) {
            List<DataObject> parts = data.getValue();
            boolean array = data.getType() == DataObject.Type.ARRAY;
            return parts.stream().map(JdlmsReader::show)
                    .collect(Collectors.joining(",", array ? "[" : "(", array ? "]" : ")"));
        }
        if (data.isBitString()) {
            BitString bits = data.getValue();
            return bits.getNumBits() + ":" + hex(bits.getBitString());
        }
        return data.isByteArray() ? hex((byte[]) data.getRawValue()) : String.valueOf((Object) data.getValue());
    }

    private static String show(GetResult result) {
        return result.getResultCode() == AccessResultCode.SUCCESS ? show(result.getResultData())
                : result.getResultCode().name();
    }

    private static AttributeAddress address(String classId, String name, String attribute) {
        String[] parts = attribute.split("[@:]");
        if (parts.length == 1) {
            return new AttributeAddress(Integer.parseInt(classId), name, Integer.parseInt(attribute));
        }
        DataObject entries = DataObject.newStructureData(DataObject.newUInteger32Data(Long.parseLong(parts[1])),
                DataObject.newUInteger32Data(Long.parseLong(parts[2])), DataObject.newUInteger16Data(1),
                DataObject.newUInteger16Data(0));
        return new AttributeAddress(Integer.parseInt(classId), name, Integer.parseInt(parts[0]),
                new SelectiveAccessDescription(2, entries));
    }

    private static String answer(DlmsConnection meter, String[] words) throws Exception {
        switch (words[0]) {
            case "get": {
                List<AttributeAddress> wanted = new ArrayList<>();
                for (int i = 1; i < words.length; i += 3) {
                    wanted.add(address(words[i], words[i + 1], words[i + 2]));
                }
                return wanted.size() == 1 ? show(meter.get(wanted.get(0)))
                        : meter.get(wanted).stream().map(JdlmsReader::show).collect(Collectors.joining(" "));
            }
            case "set": {
                List<SetParameter> wanted = new ArrayList<>();
                for (int i = 1; i < words.length; i += 4) {
                    wanted.add(new SetParameter(address(words[i], words[i + 1], words[i + 2]), value(words[i + 3])));
                }
                return wanted.size() == 1 ? meter.set(wanted.get(0)).name()
                        : meter.set(wanted).stream().map(AccessResultCode::name).collect(Collectors.joining(" "));
            }
            case "copy": {
                AttributeAddress what = address(words[1], words[2], words[3]);
                return meter.set(new SetParameter(what, meter.get(what).getResultData())).name();
            }
            case "call": {
                MethodResult result = meter.action(
                        new MethodParameter(Integer.parseInt(words[1]), words[2], Integer.parseInt(words[3]), value(words[4])));
                return result.getResultCode().name();
            }
            default:
                throw new IllegalArgumentException("no such service: " + words[0]);
        }
    }

    public static void main(String[] arguments) throws Exception {
        TcpConnectionBuilder builder = new TcpConnectionBuilder("127.0.0.1").setPort(Integer.parseInt(arguments[1]))
                .setClientId(Integer.parseInt(arguments[2])).setLogicalDeviceId(1).setResponseTimeout(10_000);
        if (arguments[0].equals("hdlc")) {
            builder.useHdlc().setPhysicalDeviceAddress(Integer.parseInt(arguments[3]));
        } else {
            builder.useWrapper();
        }
        SecuritySuite.SecuritySuiteBuilder security =
                SecuritySuite.builder().setEncryptionMechanism(SecuritySuite.EncryptionMechanism.NONE);
        if (arguments.length > 4) {
            security.setAuthenticationMechanism(AuthenticationMechanism.LOW)
                    .setPassword(arguments[4].getBytes(StandardCharsets.ISO_8859_1));
        }
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        try (DlmsConnection meter = builder.setSecuritySuite(security.build()).build()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                System.out.println(answer(meter, line.trim().split(" +")));
            }
        }
        System.exit(0);
    }
}
