// SPDX-License-Identifier: Apache-2.0

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

import org.openmuc.jdlms.AccessResultCode;
import org.openmuc.jdlms.AttributeAccessMode;
import org.openmuc.jdlms.AuthenticationMechanism;
import org.openmuc.jdlms.ConformanceSetting;
import org.openmuc.jdlms.CosemAttribute;
import org.openmuc.jdlms.CosemClass;
import org.openmuc.jdlms.CosemInterfaceObject;
import org.openmuc.jdlms.CosemMethod;
import org.openmuc.jdlms.DlmsServer;
import org.openmuc.jdlms.IllegalAttributeAccessException;
import org.openmuc.jdlms.IllegalMethodAccessException;
import org.openmuc.jdlms.LogicalDevice;
import org.openmuc.jdlms.MethodResultCode;
import org.openmuc.jdlms.SecuritySuite;
import org.openmuc.jdlms.datatypes.CosemDateTime;
import org.openmuc.jdlms.datatypes.DataObject;
import org.openmuc.jdlms.datatypes.DataObject.Type;

/**
 * A meter whose protocol is jDLMS from the first octet to the last: this file gives it objects and nothing else.
 *
 * <p>JdlmsMeter WRAPPER-PORT HDLC-PORT PASSWORD: a logical device on SAP 1, for the public client (16) and a management
 * client (1) with that password, over the wrapper. Says "ready" and serves until its input ends. There is nothing on
 * HDLC-PORT: jDLMS as a server answers an I frame by one that does not acknowledge it, with the LLC of a request.
 */
public final class JdlmsMeter {
    private static final String NAME = "JDL0000000000001";
    private static final int PROFILE_ROWS = 200;

    private JdlmsMeter() {}

    /** Class 1. */
    @CosemClass(id = 1, version = 0)
    public static final class Data extends CosemInterfaceObject {
        @CosemAttribute(id = 2, accessMode = AttributeAccessMode.READ_ONLY)
        private DataObject value;

        Data(String name, DataObject value) {
            super(name);
            this.value = value;
        }
    }

    /** Class 1, whose value goes in and never comes out. */
    @CosemClass(id = 1, version = 0)
    public static final class Secret extends CosemInterfaceObject {
        @CosemAttribute(id = 2, type = Type.OCTET_STRING, accessMode = AttributeAccessMode.WRITE_ONLY)
        private DataObject value = DataObject.newOctetStringData(new byte[8]);

        Secret() {
            super("0.0.96.2.0.255");
        }
    }

    /** Class 3. */
    @CosemClass(id = 3, version = 0)
    public static final class Register extends CosemInterfaceObject {
        @CosemAttribute(id = 2, type = Type.DOUBLE_LONG_UNSIGNED, accessMode = AttributeAccessMode.READ_ONLY)
        private DataObject value;

        @CosemAttribute(id = 3, type = Type.STRUCTURE, accessMode = AttributeAccessMode.READ_ONLY)
        private DataObject scalerUnit;

        Register(String name, long value, int scaler, int unit) {
            super(name);
            this.value = DataObject.newUInteger32Data(value);
            this.scalerUnit = DataObject.newStructureData(
                    DataObject.newInteger8Data((byte) scaler), DataObject.newEnumerateData(unit));
        }
    }

    /** Class 7 without selective access, as jDLMS leaves that to the application. */
    @CosemClass(id = 7, version = 1)
    public static final class Profile extends CosemInterfaceObject {
        @CosemAttribute(id = 2, type = Type.ARRAY, accessMode = AttributeAccessMode.READ_ONLY)
        private DataObject buffer;

        @CosemAttribute(id = 3, type = Type.ARRAY, accessMode = AttributeAccessMode.READ_ONLY)
        private DataObject captureObjects;

        @CosemAttribute(id = 4, type = Type.DOUBLE_LONG_UNSIGNED, accessMode = AttributeAccessMode.READ_ONLY)
        private DataObject capturePeriod = DataObject.newUInteger32Data(900);

        @CosemAttribute(id = 5, type = Type.ENUMERATE, accessMode = AttributeAccessMode.READ_ONLY)
        private DataObject sortMethod = DataObject.newEnumerateData(1);

        @CosemAttribute(id = 6, type = Type.STRUCTURE, accessMode = AttributeAccessMode.READ_ONLY)
        private DataObject sortObject = column(0, new byte[6], 0);

        @CosemAttribute(id = 7, type = Type.DOUBLE_LONG_UNSIGNED, accessMode = AttributeAccessMode.READ_ONLY)
        private DataObject entriesInUse = DataObject.newUInteger32Data(PROFILE_ROWS);

        @CosemAttribute(id = 8, type = Type.DOUBLE_LONG_UNSIGNED, accessMode = AttributeAccessMode.READ_ONLY)
        private DataObject profileEntries = DataObject.newUInteger32Data(PROFILE_ROWS);

        Profile(String name) {
            super(name);
            this.captureObjects = DataObject.newArrayData(
                    List.of(column(8, bytes(0, 0, 1, 0, 0, 255), 2), column(3, bytes(1, 0, 1, 8, 0, 255), 2)));
            OffsetDateTime first = OffsetDateTime.of(2026, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC);
            List<DataObject> rows = new ArrayList<>();
            for (int i = 0; i < PROFILE_ROWS; i++) {
                rows.add(DataObject.newStructureData(
                        time(first.plusMinutes(15L * i), 0), DataObject.newUInteger32Data(1000L + i)));
            }
            this.buffer = DataObject.newArrayData(rows);
        }

        private static DataObject column(int classId, byte[] name, int attribute) {
            return DataObject.newStructureData(DataObject.newUInteger16Data(classId), DataObject.newOctetStringData(name),
                    DataObject.newInteger8Data((byte) attribute), DataObject.newUInteger16Data(0));
        }
    }

    /** Class 8: goes on by the clock of this machine; the zone and daylight saving may be written. */
    @CosemClass(id = 8, version = 0)
    public static final class Clock extends CosemInterfaceObject {
        @CosemAttribute(id = 2, type = Type.OCTET_STRING)
        private DataObject time;

        private Duration shift = Duration.ZERO;

        @CosemAttribute(id = 3, type = Type.LONG_INTEGER)
        private DataObject timeZone = DataObject.newInteger16Data((short) 0);

        @CosemAttribute(id = 4, type = Type.UNSIGNED, accessMode = AttributeAccessMode.READ_ONLY)
        private DataObject status = DataObject.newUInteger8Data((short) 0);

        @CosemAttribute(id = 5, type = Type.OCTET_STRING, accessMode = AttributeAccessMode.READ_ONLY)
        private DataObject daylightBegin = DataObject.newOctetStringData(season(3));

        @CosemAttribute(id = 6, type = Type.OCTET_STRING, accessMode = AttributeAccessMode.READ_ONLY)
        private DataObject daylightEnd = DataObject.newOctetStringData(season(10));

        @CosemAttribute(id = 7, type = Type.INTEGER, accessMode = AttributeAccessMode.READ_ONLY)
        private DataObject daylightDeviation = DataObject.newInteger8Data((byte) 60);

        @CosemAttribute(id = 8, type = Type.BOOLEAN)
        private DataObject daylightEnabled = DataObject.newBoolData(false);

        @CosemAttribute(id = 9, type = Type.ENUMERATE, accessMode = AttributeAccessMode.READ_ONLY)
        private DataObject base = DataObject.newEnumerateData(1);

        Clock() {
            super("0.0.1.0.0.255");
        }

        public DataObject getTime() {
            Number zone = timeZone.getValue();
            return time(OffsetDateTime.now(ZoneOffset.UTC).plus(shift).minusMinutes(zone.longValue()), zone.intValue());
        }

        /** Whole seconds, every field specified but the deviation: that one may be left to the zone. */
        public void setTime(DataObject given) throws IllegalAttributeAccessException {
            ByteBuffer octets = ByteBuffer.wrap((byte[]) given.getRawValue());
            try {
                Number zone = timeZone.getValue();
                int deviation = octets.getShort(9);
                OffsetDateTime local = OffsetDateTime.of(octets.getShort(0), octets.get(2), octets.get(3), octets.get(5),
                        octets.get(6), octets.get(7), 0, ZoneOffset.UTC);
                shift = Duration.between(OffsetDateTime.now(ZoneOffset.UTC),
                        local.plusMinutes(deviation == Short.MIN_VALUE ? zone.longValue() : deviation));
            } catch (DateTimeException | IndexOutOfBoundsException wrong) {
                throw new IllegalAttributeAccessException(AccessResultCode.OTHER_REASON, wrong);
            }
        }

        public DataObject getTimeZone() {
            return timeZone;
        }

        public void setTimeZone(DataObject zone) throws IllegalAttributeAccessException {
            Number minutes = zone.getValue();
            if (Math.abs(minutes.intValue()) > 720) {
                throw new IllegalAttributeAccessException(AccessResultCode.OTHER_REASON);
            }
            timeZone = zone;
        }

        private static byte[] season(int month) {
            return bytes(0xFF, 0xFF, month, 0xFE, 7, 1, 0, 0, 0, 0x80, 0, 0);
        }
    }

    /** Class 9: one script that does nothing. */
    @CosemClass(id = 9, version = 0)
    public static final class Scripts extends CosemInterfaceObject {
        @CosemAttribute(id = 2, type = Type.ARRAY, accessMode = AttributeAccessMode.READ_ONLY)
        private DataObject scripts = DataObject.newArrayData(List.of(DataObject.newStructureData(
                DataObject.newUInteger16Data(1), DataObject.newArrayData(List.of()))));

        Scripts(String name) {
            super(name);
        }

        @CosemMethod(id = 1, consumes = Type.LONG_UNSIGNED)
        public void execute(DataObject number) throws IllegalMethodAccessException {
            Number script = number.getValue();
            if (script.intValue() > 1) {
                throw new IllegalMethodAccessException(MethodResultCode.OTHER_REASON);
            }
        }
    }

    private static byte[] bytes(int... octets) {
        byte[] all = new byte[octets.length];
        for (int i = 0; i < octets.length; i++) {
            all[i] = (byte) octets[i];
        }
        return all;
    }

    /** A moment as octets; the zone is the deviation: minutes from local time to UTC. */
    private static DataObject time(OffsetDateTime local, int zone) {
        return DataObject.newOctetStringData(new CosemDateTime(local.getYear(), local.getMonthValue(), local.getDayOfMonth(),
                local.getDayOfWeek().getValue(), local.getHour(), local.getMinute(), local.getSecond(),
                local.getNano() / 10_000_000, zone).encode());
    }

    private static LogicalDevice device(String password) {
        LogicalDevice device = new LogicalDevice(1, NAME, "JDL", 1);
        device.addRestriction(16, SecuritySuite.builder().build());
        device.addRestriction(1, SecuritySuite.builder().setAuthenticationMechanism(AuthenticationMechanism.LOW)
                .setEncryptionMechanism(SecuritySuite.EncryptionMechanism.NONE)
                .setPassword(password.getBytes(StandardCharsets.US_ASCII)).build());
        device.setConformance(ConformanceSetting.GET, ConformanceSetting.SET, ConformanceSetting.ACTION,
                ConformanceSetting.SELECTIVE_ACCESS, ConformanceSetting.MULTIPLE_REFERENCES,
                ConformanceSetting.PRIORITY_MGMT_SUPPORTED, ConformanceSetting.BLOCK_TRANSFER_WITH_GET_OR_READ);
        device.registerCosemObject(
                new Data("0.0.96.1.0.255", DataObject.newOctetStringData("00000001".getBytes(StandardCharsets.US_ASCII))),
                new Data("1.0.0.2.0.255", DataObject.newVisibleStringData("jDLMS".getBytes(StandardCharsets.US_ASCII))),
                new Register("1.0.1.8.0.255", 1_234_567, 0, 30), new Register("1.0.2.8.0.255", 89, 0, 30),
                new Register("1.0.32.7.0.255", 2301, -1, 35), new Secret(), new Clock(), new Scripts("0.0.10.0.100.255"),
                new Profile("1.0.99.1.0.255"));
        return device;
    }

    public static void main(String[] arguments) throws Exception {
        String password = arguments[2];
        DlmsServer server = DlmsServer.tcpServerBuilder(Integer.parseInt(arguments[0]))
                .registerLogicalDevice(device(password)).build();
        System.out.println("ready");
        System.out.flush();
        while (System.in.read() >= 0) {
            // until whoever started this lets go
        }
        server.close();
        System.exit(0);
    }
}
